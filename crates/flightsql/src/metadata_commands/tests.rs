use super::*;
use arrow::array::AsArray;
use arrow_flight::sql::{
    CommandGetCatalogs, CommandGetCrossReference, CommandGetExportedKeys, CommandGetImportedKeys,
    CommandGetPrimaryKeys, CommandGetSqlInfo, CommandGetTableTypes, CommandGetXdbcTypeInfo,
};
use tonic::{Code, Status};

fn two_tables() -> Vec<(&'static str, SchemaRef)> {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    vec![
        ("log_entries", schema(&[("msg", dictionary, false)])),
        ("processes", schema(&[("id", DataType::Utf8, true)])),
    ]
}

fn rows(command: Command) -> Result<RecordBatch> {
    let info = ServerInfo::new().unwrap();
    Ok(answer(&command, &info, two_tables)?.expect("a metadata command"))
}

fn texts(rows: &RecordBatch, column: usize) -> Vec<&str> {
    rows.column(column)
        .as_string::<i32>()
        .iter()
        .map(Option::unwrap)
        .collect()
}

#[test]
fn tables_and_their_filters() {
    let check = |request: CommandGetTables, expected: &[&str]| {
        let rows = rows(Command::CommandGetTables(request.clone())).unwrap();
        assert_eq!(texts(&rows, 2), expected, "{request:?}");
        assert_eq!(rows.num_columns(), 4);
    };
    let all = ["log_entries", "processes"];
    let tables = CommandGetTables::default;
    let some = |text: &str| Some(text.to_owned());
    check(tables(), &all);
    check(
        CommandGetTables {
            catalog: some(""),
            ..tables()
        },
        &all,
    );
    check(
        CommandGetTables {
            catalog: some("other"),
            ..tables()
        },
        &[],
    );
    check(
        CommandGetTables {
            db_schema_filter_pattern: some("%"),
            ..tables()
        },
        &all,
    );
    check(
        CommandGetTables {
            db_schema_filter_pattern: some(""),
            ..tables()
        },
        &all,
    );
    check(
        CommandGetTables {
            db_schema_filter_pattern: some("public"),
            ..tables()
        },
        &[],
    );
    for (pattern, expected) in [
        ("log_entries", &all[..1]),
        ("log%", &all[..1]),
        ("proces_es", &all[1..]),
        ("%e%", &all[..]),
        ("LOG%", &[]),
        ("nothing", &[]),
    ] {
        check(
            CommandGetTables {
                table_name_filter_pattern: some(pattern),
                ..tables()
            },
            expected,
        );
    }
    for (types, expected) in [
        (&["BASE TABLE", "table"][..], &all[..]),
        (&["table"], &all),
        (&["BASE TABLE"], &[]),
        (&["TABLE"], &[]),
        (&[""], &[]),
    ] {
        let table_types = types.iter().map(|kind| (*kind).to_owned()).collect();
        check(
            CommandGetTables {
                table_types,
                ..tables()
            },
            expected,
        );
    }
}

#[test]
fn table_rows_hold_the_stored_schema_on_request() {
    let request = CommandGetTables {
        include_schema: true,
        ..Default::default()
    };
    let rows = rows(Command::CommandGetTables(request)).unwrap();
    assert_eq!(texts(&rows, 0), ["", ""]);
    assert_eq!(texts(&rows, 1), ["", ""]);
    assert_eq!(texts(&rows, 3), ["table", "table"]);
    assert_eq!(rows.schema().field(4).data_type(), &DataType::Binary);
    for (row, (_, stored)) in two_tables().iter().enumerate() {
        let message = rows.column(4).as_binary::<i32>().value(row);
        let schema = arrow::ipc::convert::try_schema_from_ipc_buffer(message).unwrap();
        assert_eq!(schema, **stored);
    }
}

#[test]
fn long_patterns_are_refused() {
    let request = CommandGetTables {
        table_name_filter_pattern: Some("%a".repeat(1000)),
        ..Default::default()
    };
    let error = rows(Command::CommandGetTables(request)).unwrap_err();
    assert_eq!(Status::from(error).code(), Code::InvalidArgument);
}

#[test]
fn catalogs_schemas_and_types() {
    let check = |command: Command, expected: &[&[&str]]| {
        let rows = rows(command).unwrap();
        for (column, expected) in expected.iter().enumerate() {
            assert_eq!(texts(&rows, column), *expected);
        }
    };
    check(Command::CommandGetCatalogs(CommandGetCatalogs {}), &[&[""]]);
    check(
        Command::CommandGetTableTypes(CommandGetTableTypes {}),
        &[&["table"]],
    );
    let schemas = |catalog: Option<&str>, pattern: Option<&str>| {
        Command::CommandGetDbSchemas(CommandGetDbSchemas {
            catalog: catalog.map(str::to_owned),
            db_schema_filter_pattern: pattern.map(str::to_owned),
        })
    };
    check(schemas(None, None), &[&[""], &[""]]);
    check(schemas(Some(""), Some("%")), &[&[""], &[""]]);
    check(schemas(Some("x"), None), &[&[], &[]]);
    check(schemas(None, Some("x")), &[&[], &[]]);
}

#[test]
fn keys_and_types_are_empty_with_the_standard_schemas() {
    let check = |command: Command, columns: usize, first: &str, last: &str| {
        let rows = rows(command).unwrap();
        let schema = rows.schema();
        assert_eq!((rows.num_rows(), schema.fields().len()), (0, columns));
        assert_eq!(schema.field(0).name(), first);
        assert_eq!(schema.field(columns - 1).name(), last);
    };
    let keys = Command::CommandGetPrimaryKeys(CommandGetPrimaryKeys::default());
    check(keys, 6, "catalog_name", "key_sequence");
    for command in [
        Command::CommandGetExportedKeys(CommandGetExportedKeys::default()),
        Command::CommandGetImportedKeys(CommandGetImportedKeys::default()),
        Command::CommandGetCrossReference(CommandGetCrossReference::default()),
    ] {
        check(command, 13, "pk_catalog_name", "delete_rule");
    }
    let types = Command::CommandGetXdbcTypeInfo(CommandGetXdbcTypeInfo { data_type: None });
    check(types, 19, "type_name", "interval_precision");
}

#[test]
fn other_commands_are_not_answered() {
    let info = ServerInfo::new().unwrap();
    let statement = Command::CommandStatementQuery(Default::default());
    assert!(answer(&statement, &info, two_tables).unwrap().is_none());
    let info_command = Command::CommandGetSqlInfo(CommandGetSqlInfo { info: vec![0] });
    assert_eq!(rows(info_command).unwrap().num_rows(), 1);
}
