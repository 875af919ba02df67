//! `remove_query_denial(rule_id)`: lift a rule of the deny list.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::StringBuilder;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_string_array;
use datafusion::common::internal_err;
use datafusion::common::utils::take_function_args;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use model::DenialId;

use crate::denials::{Denials, REMOVE_QUERY_DENIAL};

pub(super) fn function(denials: Arc<Denials>) -> ScalarUDF {
    let function = RemoveQueryDenial {
        denials,
        signature: Signature::exact(vec![DataType::Utf8], Volatility::Volatile),
    };
    AsyncScalarUDF::new(Arc::new(function)).into_scalar_udf()
}

#[derive(Debug)]
struct RemoveQueryDenial {
    denials: Arc<Denials>,
    signature: Signature,
}

impl RemoveQueryDenial {
    async fn answer(&self, id: &str) -> Result<String> {
        let Ok(rule_id) = id.parse::<DenialId>() else {
            return Ok(format!("ERROR: '{id}' is not a valid rule id"));
        };
        match self.denials.remove(rule_id).await {
            Ok(true) => Ok(format!("SUCCESS: removed rule {rule_id}")),
            Ok(false) => Ok(format!("ERROR: no such rule: {rule_id}")),
            Err(error) => Err(DataFusionError::External(Box::new(error))),
        }
    }
}

// There is one deny list per process.
impl PartialEq for RemoveQueryDenial {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.denials, &other.denials)
    }
}

impl Eq for RemoveQueryDenial {}

impl Hash for RemoveQueryDenial {
    fn hash<H: Hasher>(&self, state: &mut H) {
        REMOVE_QUERY_DENIAL.hash(state);
    }
}

impl ScalarUDFImpl for RemoveQueryDenial {
    fn name(&self) -> &str {
        REMOVE_QUERY_DENIAL
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("{REMOVE_QUERY_DENIAL} is asynchronous")
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for RemoveQueryDenial {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let [ids] = take_function_args(REMOVE_QUERY_DENIAL, args.args)?;
        let ids = ids.into_array(rows)?;
        let mut answers = StringBuilder::new();
        for id in as_string_array(&ids)? {
            match id {
                Some(id) => answers.append_value(self.answer(id).await?),
                None => answers.append_null(),
            }
        }
        Ok(ColumnarValue::Array(Arc::new(answers.finish())))
    }
}
