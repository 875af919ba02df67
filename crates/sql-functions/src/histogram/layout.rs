//! The type of a histogram.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, FieldRef, Fields};

/// The fields that hold one `Float64` each, in order.
pub(crate) const NUMBERS: [&str; 6] = ["start", "end", "min", "max", "sum", "sum_sq"];
pub(crate) const COUNT: &str = "count";
pub(crate) const BINS: &str = "bins";

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let numbers = NUMBERS.map(|name| Field::new(name, DataType::Float64, false));
    let counts = [
        Field::new(COUNT, DataType::UInt64, false),
        Field::new(BINS, DataType::List(bin()), false),
    ];
    numbers.into_iter().chain(counts).collect()
});

/// What `make_histogram` and `sum_histograms` return.
pub fn data_type() -> DataType {
    DataType::Struct(fields())
}

pub(crate) fn fields() -> Fields {
    FIELDS.clone()
}

/// The element of the list of bins.
pub(crate) fn bin() -> FieldRef {
    Arc::new(Field::new("bin", DataType::UInt64, false))
}

/// Whether a struct has what a histogram has: files and other functions may order the
/// fields, number them and mark their nulls in another way.
pub(crate) fn is_histogram(fields: &Fields) -> bool {
    let has = |name: &str, accepts: fn(&DataType) -> bool| {
        let field = fields.find(name);
        field.is_some_and(|(_, field)| accepts(field.data_type()))
    };
    NUMBERS.iter().all(|name| has(name, DataType::is_numeric))
        && has(COUNT, DataType::is_numeric)
        && has(BINS, |bins| match bins {
            DataType::List(bin) | DataType::LargeList(bin) | DataType::FixedSizeList(bin, _) => {
                bin.data_type().is_numeric()
            }
            _ => false,
        })
}
