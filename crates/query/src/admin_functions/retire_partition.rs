//! `retire_partition_by_file(path)` and
//! `retire_partition_by_metadata(view_set, instance, begin, end[, schema_hash])`: let single
//! partitions go. The rows of a batch succeed or fail together.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray};
use datafusion::arrow::datatypes::{DataType, TimestampNanosecondType};
use datafusion::common::{exec_err, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use model::{InsertRange, InsertTime};
use views::Lakehouse;

use super::retirement::{Target, retire_all};
use crate::times::time_type;

pub(super) fn by_file(house: &Lakehouse) -> ScalarUDF {
    let arguments = TypeSignature::Exact(vec![DataType::Utf8]);
    function("retire_partition_by_file", house, arguments, file_targets)
}

pub(super) fn by_metadata(house: &Lakehouse) -> ScalarUDF {
    let four = vec![DataType::Utf8, DataType::Utf8, time_type(), time_type()];
    let mut five = four.clone();
    five.push(DataType::Binary);
    let arguments =
        TypeSignature::OneOf(vec![TypeSignature::Exact(four), TypeSignature::Exact(five)]);
    function(
        "retire_partition_by_metadata",
        house,
        arguments,
        metadata_targets,
    )
}

/// One target for each row of the arguments.
type Targets = fn(&[ArrayRef], usize) -> Result<Vec<Target<'_>>>;

fn function(
    name: &'static str,
    house: &Lakehouse,
    arguments: TypeSignature,
    targets: Targets,
) -> ScalarUDF {
    let function = RetirePartition {
        name,
        house: house.clone(),
        signature: Signature::new(arguments, Volatility::Volatile),
        targets,
    };
    AsyncScalarUDF::new(Arc::new(function)).into_scalar_udf()
}

#[derive(Debug)]
struct RetirePartition {
    name: &'static str,
    house: Lakehouse,
    signature: Signature,
    targets: Targets,
}

// There is one lake per process.
impl PartialEq for RetirePartition {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for RetirePartition {}

impl Hash for RetirePartition {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for RetirePartition {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("{} is asynchronous", self.name)
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for RetirePartition {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let arrays = args
            .args
            .into_iter()
            .map(|argument| argument.into_array(rows));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let targets = (self.targets)(&arrays, rows)?;
        let answers = retire_all(&self.house, &targets).await?;
        let answers = StringArray::from_iter_values(answers);
        Ok(ColumnarValue::Array(Arc::new(answers)))
    }
}

fn file_targets(arguments: &[ArrayRef], rows: usize) -> Result<Vec<Target<'_>>> {
    let [paths] = arguments else {
        return exec_err!("retire_partition_by_file takes one argument");
    };
    let paths = paths.as_string::<i32>();
    let target = |row| match paths.is_null(row) {
        true => Target::Unknown,
        false => Target::File(paths.value(row)),
    };
    Ok((0..rows).map(target).collect())
}

fn metadata_targets(arguments: &[ArrayRef], rows: usize) -> Result<Vec<Target<'_>>> {
    let (four, hashes) = match arguments {
        [four @ .., hashes] if four.len() == 4 => (four, Some(hashes.as_binary::<i32>())),
        four => (four, None),
    };
    let [view_sets, instances, begins, ends] = four else {
        return exec_err!("retire_partition_by_metadata takes four or five arguments");
    };
    let texts = [view_sets, instances].map(AsArray::as_string::<i32>);
    let times = [begins, ends].map(AsArray::as_primitive::<TimestampNanosecondType>);
    let target = |row| {
        if arguments.iter().any(|array| array.is_null(row)) {
            return Target::Unknown;
        }
        let [begin, end] = times.map(|times| InsertTime(times.value(row)));
        Target::Metadata {
            view_set: texts[0].value(row),
            instance: texts[1].value(row),
            range: InsertRange::new(begin, end),
            schema_hash: hashes.map(|hashes| hashes.value(row)),
        }
    };
    Ok((0..rows).map(target).collect())
}
