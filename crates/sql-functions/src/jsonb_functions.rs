//! The `jsonb_…` functions.

use std::borrow::Cow;

use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::error::Result;
use jsonb::Value;

use crate::answers::Answers;
use crate::document::{self, Document};
use crate::documentation::{FunctionDoc, JSONB};
use crate::error::{Error, bad_path};
use crate::function::{Call, Definition, Outcome};
use crate::path::{Match, Query};
use crate::types::{self, Kind};

const DOCUMENT: (&str, &str) = ("document", "A JSONB document, as `jsonb_parse` returns it.");

pub(crate) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "jsonb_parse",
        arguments: &[Kind::Text],
        returns: |_| types::jsonb(),
        evaluate: parse,
        documentation: FunctionDoc {
            section: JSONB,
            syntax: "jsonb_parse(text)",
            description: "Parses JSON text to a JSONB document. NULL when the text is NULL or not \
                valid JSON.",
            arguments: &[("text", "JSON text.")],
            example: "SELECT jsonb_format_json(jsonb_parse('{\"name\": \"x\", \"n\": [1, 2]}')) AS \
                json",
        },
    },
    Definition {
        name: "jsonb_format_json",
        arguments: &[Kind::Jsonb],
        returns: |_| types::text(),
        evaluate: |call| per_document(call, |document| Some(document.to_text()))?.into_text(),
        documentation: FunctionDoc {
            section: JSONB,
            syntax: "jsonb_format_json(document)",
            description: "The document as JSON text, with the members of objects in the order of \
                their names. NULL when the argument is; bytes that are not JSONB are an error.",
            arguments: &[DOCUMENT],
            example: "SELECT jsonb_format_json(jsonb_parse('[1, 2.50, \"x\", null]')) AS json",
        },
    },
    Definition {
        name: "jsonb_get",
        arguments: &[Kind::Jsonb, Kind::Text],
        returns: |_| types::jsonb(),
        evaluate: get,
        documentation: FunctionDoc {
            section: JSONB,
            syntax: "jsonb_get(document, name)",
            description: "The member of an object: the one of exactly this name, else the first \
                whose name differs by ASCII case alone. NULL when there is none, when the \
                document is no object and when an argument is NULL; bytes that are not JSONB are \
                an error.",
            arguments: &[DOCUMENT, ("name", "Name of the member.")],
            example: "SELECT jsonb_as_string(jsonb_get(jsonb_parse('{\"Name\": \"x\"}'), 'name')) \
                AS name",
        },
    },
    Definition {
        name: "jsonb_as_string",
        arguments: &[Kind::Jsonb],
        returns: |_| types::text(),
        evaluate: |call| {
            per_document(call, |document| document.as_str().map(Cow::into_owned))?.into_text()
        },
        documentation: FunctionDoc {
            section: JSONB,
            syntax: "jsonb_as_string(document)",
            description: "The text of a JSON string, without quotes. NULL when the document is \
                anything else or NULL; bytes that are not JSONB are an error.",
            arguments: &[DOCUMENT],
            example: "SELECT jsonb_as_string(jsonb_parse('\"text\"')) AS text",
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
        documentation: FunctionDoc {
            section: JSONB,
            syntax: "jsonb_as_f64(document)",
            description: "A JSON number as `Float64`. NULL when the document is anything else, \
                strings and booleans included, or NULL; bytes that are not JSONB are an error.",
            arguments: &[DOCUMENT],
            example: "SELECT jsonb_as_f64(jsonb_parse('2.5')) AS number",
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
        documentation: FunctionDoc {
            section: JSONB,
            syntax: "jsonb_as_i64(document)",
            description: "A JSON number whose value is exactly an `Int64`: 2.0 is, 2.5 is not. NULL \
                when the document is anything else or NULL; bytes that are not JSONB are an \
                error.",
            arguments: &[DOCUMENT],
            example: "SELECT jsonb_as_i64(jsonb_parse('2.0')) AS whole, \
                jsonb_as_i64(jsonb_parse('2.5')) AS broken",
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
        documentation: FunctionDoc {
            section: JSONB,
            syntax: "jsonb_array_length(document)",
            description: "The number of elements of a JSON array. NULL when the document is no array \
                or NULL; bytes that are not JSONB are an error.",
            arguments: &[DOCUMENT],
            example: "SELECT jsonb_array_length(jsonb_parse('[1, 2, 3]')) AS length",
        },
    },
    Definition {
        name: "jsonb_object_keys",
        arguments: &[Kind::Jsonb],
        returns: |_| types::text_list(),
        evaluate: |call| per_document(call, |document| document.object_keys())?.into_text_lists(),
        documentation: FunctionDoc {
            section: JSONB,
            syntax: "jsonb_object_keys(document)",
            description: "The names of the members of a JSON object, in order. NULL when the \
                document is no object or NULL; bytes that are not JSONB are an error.",
            arguments: &[DOCUMENT],
            example: "SELECT jsonb_object_keys(jsonb_parse('{\"b\": 1, \"a\": 2}')) AS keys",
        },
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
        documentation: FunctionDoc {
            section: JSONB,
            syntax: "jsonb_path_query_first(document, path)",
            description: "The first match of a JSON path. NULL when nothing matches and when an \
                argument is NULL; a malformed path and bytes that are not JSONB are errors.",
            arguments: &[DOCUMENT, ("path", "A JSON path, such as `$.list[*].name`.")],
            example: "SELECT jsonb_as_i64(jsonb_path_query_first(jsonb_parse('{\"list\": [5, 6]}'), \
                '$.list[1]')) AS second",
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
        documentation: FunctionDoc {
            section: JSONB,
            syntax: "jsonb_path_query(document, path)",
            description: "All matches of a JSON path in document order, as a JSONB array. NULL when \
                an argument is; a malformed path and bytes that are not JSONB are errors.",
            arguments: &[DOCUMENT, ("path", "A JSON path, such as `$.list[*].name`.")],
            example: "SELECT jsonb_format_json(jsonb_path_query(jsonb_parse('{\"list\": [5, 6]}'), \
                '$.list[*]')) AS matches",
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
        let answers = Answers::of_call(call, |at| {
            let prepared = prepare(texts.value(at[1]))?;
            answer(&prepared, document(call.function, bytes.value(at[0]))?)
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
