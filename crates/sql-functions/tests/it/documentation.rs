//! Every function is documented, with an example that runs.

use datafusion::arrow::array::RecordBatch;
use datafusion::logical_expr::Documentation;

use crate::context;

/// The documentation of scalar functions and aggregates, by name.
fn documented() -> Vec<(String, Documentation)> {
    let scalars = sql_functions::scalar_functions();
    let scalars = scalars.iter().map(|function| {
        (
            function.name().to_owned(),
            function.documentation().cloned(),
        )
    });
    let aggregates = sql_functions::aggregate_functions();
    let aggregates = aggregates.iter().map(|function| {
        (
            function.name().to_owned(),
            function.documentation().cloned(),
        )
    });
    let all = scalars.chain(aggregates);
    all.map(|(name, documentation)| {
        let documentation = documentation.expect(&name);
        (name, documentation)
    })
    .collect()
}

#[tokio::test]
async fn every_function_has_an_example_that_runs() {
    let mut examples: Vec<(String, String)> = documented()
        .into_iter()
        .map(|(name, documentation)| (name, documentation.sql_example.unwrap_or_default()))
        .collect();
    let table_functions = sql_functions::table_function_docs().iter();
    examples.extend(table_functions.map(|doc| (doc.name.to_owned(), doc.example.to_owned())));
    for (name, example) in examples {
        assert!(example.contains(&format!("{name}(")), "{name}: {example}");
        let rows = context()
            .sql(&example)
            .await
            .expect(&name)
            .collect()
            .await
            .expect(&name);
        let row_count: usize = rows.iter().map(RecordBatch::num_rows).sum();
        assert!(row_count > 0, "{name} shows nothing");
    }
}

#[test]
fn every_argument_of_the_syntax_is_described() {
    for (name, documentation) in documented() {
        assert!(!documentation.description.is_empty(), "{name}");
        let arguments = documentation.arguments.unwrap_or_default();
        let names: Vec<&str> = arguments.iter().map(|(name, _)| name.as_str()).collect();
        let syntax = format!("{name}({})", names.join(", "));
        assert_eq!(documentation.syntax_example, syntax);
    }
    for doc in sql_functions::table_function_docs() {
        let names: Vec<&str> = doc.arguments.iter().map(|(name, _)| *name).collect();
        assert_eq!(doc.syntax, format!("{}({})", doc.name, names.join(", ")));
        assert!(
            !doc.columns.is_empty() && !doc.description.is_empty(),
            "{}",
            doc.name
        );
    }
}
