//! The `jsonb_…` functions.

use std::borrow::Cow;

use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::error::Result;
use jsonb::Value;

use crate::answers::Answers;
use crate::document::{self, Document};
use crate::error::{Error, bad_path};
use crate::function::{Call, Definition, Outcome};
use crate::path::{Match, Query};
use crate::types::{self, Kind};

pub(crate) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "jsonb_parse",
        arguments: &[Kind::Text],
        returns: |_| types::jsonb(),
        evaluate: parse,
    },
    Definition {
        name: "jsonb_format_json",
        arguments: &[Kind::Jsonb],
        returns: |_| types::text(),
        evaluate: |call| per_document(call, |document| Some(document.to_text()))?.into_text(),
    },
    Definition {
        name: "jsonb_get",
        arguments: &[Kind::Jsonb, Kind::Text],
        returns: |_| types::jsonb(),
        evaluate: get,
    },
    Definition {
        name: "jsonb_as_string",
        arguments: &[Kind::Jsonb],
        returns: |_| types::text(),
        evaluate: |call| {
            per_document(call, |document| document.as_str().map(Cow::into_owned))?.into_text()
        },
    },
    Definition {
        name: "jsonb_as_f64",
        arguments: &[Kind::Jsonb],
        returns: |_| DataType::Float64,
        evaluate: |call| {
            let answers = per_document(call, |document| document.as_f64())?;
            Ok(answers.into_numbers::<Float64Type>())
        },
    },
    Definition {
        name: "jsonb_as_i64",
        arguments: &[Kind::Jsonb],
        returns: |_| DataType::Int64,
        evaluate: |call| {
            let answers = per_document(call, |document| document.as_i64())?;
            Ok(answers.into_numbers::<Int64Type>())
        },
    },
    Definition {
        name: "jsonb_array_length",
        arguments: &[Kind::Jsonb],
        returns: |_| DataType::Int64,
        evaluate: |call| {
            let answers = per_document(call, |document| {
                let length = document.array_length()?;
                i64::try_from(length).ok()
            })?;
            Ok(answers.into_numbers::<Int64Type>())
        },
    },
    Definition {
        name: "jsonb_object_keys",
        arguments: &[Kind::Jsonb],
        returns: |_| types::text_list(),
        evaluate: |call| per_document(call, |document| document.object_keys())?.into_text_lists(),
    },
    Definition {
        name: "jsonb_path_query_first",
        arguments: &[Kind::Jsonb, Kind::Text],
        returns: |_| types::jsonb(),
        evaluate: |call| {
            path_query(call, |matches| {
                matches.into_iter().next().map(|first| first.to_vec())
            })
        },
    },
    Definition {
        name: "jsonb_path_query",
        arguments: &[Kind::Jsonb, Kind::Text],
        returns: |_| types::jsonb(),
        evaluate: |call| {
            path_query(call, |matches| {
                let matches = matches.into_iter().map(Cow::into_owned).collect();
                Some(Value::Array(matches).to_vec())
            })
        },
    },
];

// --- evaluation ---

fn parse(call: &Call) -> Result<Outcome> {
    let column = &call.arguments[0];
    let texts = column.texts(call.function)?;
    let answers = Answers::of_column(column, |index| Ok(document::parse_text(texts.value(index))))?;
    answers.into_jsonb()
}

fn get(call: &Call) -> Result<Outcome> {
    with_text_argument(call, Ok, |name, document| Ok(document.member(name)))
}

fn path_query(call: &Call, pick: impl Fn(Vec<Match<'_>>) -> Option<Vec<u8>>) -> Result<Outcome> {
    with_text_argument(
        call,
        |path| match Query::parse(path) {
            Ok(query) => Ok((path, query)),
            Err(error) => Err(bad_path(call.function, path, error)),
        },
        |(path, query), document| {
            let root = document.to_value().map_err(|source| Error::Jsonb {
                function: call.function,
                source,
            })?;
            let matches = query
                .select(&root)
                .map_err(|error| bad_path(call.function, path, error))?;
            Ok(pick(matches))
        },
    )
}

/// One answer per document of the only argument.
fn per_document<T>(call: &Call, answer: impl Fn(Document<'_>) -> Option<T>) -> Result<Answers<T>> {
    let column = &call.arguments[0];
    let bytes = column.bytes(call.function)?;
    Answers::of_column(column, |index| {
        let document = document(call.function, bytes.value(index))?;
        Ok(answer(document))
    })
}

/// A document and a text. The text is prepared once when it is a constant, as
/// it nearly always is, else once per row.
fn with_text_argument<'c, P>(
    call: &'c Call,
    prepare: impl Fn(&'c str) -> Result<P>,
    answer: impl Fn(&P, Document<'_>) -> Result<Option<Vec<u8>>>,
) -> Result<Outcome> {
    let [column, argument] = &call.arguments[..] else {
        return Err(Error::Layout {
            function: call.function,
        }
        .into());
    };
    let bytes = column.bytes(call.function)?;
    let texts = argument.texts(call.function)?;
    if !argument.is_constant() {
        let answers = Answers::of_rows(column, argument, call.row_count, |index, text| {
            let prepared = prepare(texts.value(text))?;
            answer(&prepared, document(call.function, bytes.value(index))?)
        })?;
        return answers.into_jsonb();
    }
    let Some(text) = argument.index(0) else {
        return Answers::<Vec<u8>>::none().into_jsonb();
    };
    let prepared = prepare(texts.value(text))?;
    let answers = Answers::of_column(column, |index| {
        answer(&prepared, document(call.function, bytes.value(index))?)
    })?;
    answers.into_jsonb()
}

pub(crate) fn document<'a>(function: &'static str, bytes: &'a [u8]) -> Result<Document<'a>> {
    let document = Document::new(bytes).map_err(|source| Error::Jsonb { function, source })?;
    Ok(document)
}
