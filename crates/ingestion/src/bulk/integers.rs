//! Columns of integers and of times.

use arrow::array::{Array, AsArray, Int64Array};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use model::TimeNs;

use super::Result;
use super::columns::Place;

/// A column of integers or times.
pub(super) struct Integers {
    place: Place,
    /// Null as well where the value has more than 64 bits.
    values: Int64Array,
    given: Option<NullBuffer>,
    factor: i64,
}

impl Integers {
    /// Of an array of integers or of timestamps in units of `factor` nanoseconds.
    pub fn new(place: Place, array: &dyn Array, factor: i64) -> Self {
        let given = array.nulls().cloned();
        let values = match array.data_type() {
            // Without a cast, which would want to know the zone.
            DataType::Timestamp(..) => Int64Array::new(raw_ticks(array).clone(), given.clone()),
            _ => to_int64(array),
        };
        Self {
            place,
            values,
            given,
            factor,
        }
    }

    pub fn get(&self, row: usize) -> Result<TimeNs> {
        if self.given.as_ref().is_some_and(|given| given.is_null(row)) {
            return Err(self.place.missing(row));
        }
        if self.values.is_null(row) {
            return Err(self.place.bad(row, "does not fit 64 bits"));
        }
        let value = self.values.value(row).checked_mul(self.factor);
        value.ok_or_else(|| self.place.bad(row, "outside of the years 1678 to 2261"))
    }

    pub fn int32(&self, row: usize) -> Result<i32> {
        let value = i32::try_from(self.get(row)?);
        value.map_err(|_| self.place.bad(row, "does not fit 32 bits"))
    }
}

fn raw_ticks(array: &dyn Array) -> &ScalarBuffer<i64> {
    fn ticks<T: ArrowPrimitiveType<Native = i64>>(array: &dyn Array) -> &ScalarBuffer<i64> {
        array.as_primitive::<T>().values()
    }
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => ticks::<TimestampSecondType>(array),
        DataType::Timestamp(TimeUnit::Millisecond, _) => ticks::<TimestampMillisecondType>(array),
        DataType::Timestamp(TimeUnit::Microsecond, _) => ticks::<TimestampMicrosecondType>(array),
        _ => ticks::<TimestampNanosecondType>(array),
    }
}

/// Null where a value does not fit.
pub(super) fn to_int64(array: &dyn Array) -> Int64Array {
    let cast = cast(array, &DataType::Int64).expect("all integers can be cast");
    cast.as_primitive::<Int64Type>().clone()
}
