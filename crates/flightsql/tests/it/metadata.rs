//! The commands that describe the server: `FlightInfo`, `GetSchema` and data agree.

use crate::harness::{Answer, TestServer, descriptor, with_headers};
use arrow::array::AsArray;
use arrow::datatypes::Schema;
use arrow_flight::sql::{
    CommandGetCatalogs, CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys,
    CommandGetImportedKeys, CommandGetPrimaryKeys, CommandGetSqlInfo, CommandGetTableTypes,
    CommandGetTables, CommandGetXdbcTypeInfo, ProstMessageExt,
};
use futures::TryStreamExt;

async fn answer(server: &TestServer, command: &impl ProstMessageExt) -> Answer {
    let descriptor = descriptor(command);
    let mut client = server.flight();
    let info = client
        .get_flight_info(descriptor.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(info.flight_descriptor, Some(descriptor.clone()));
    assert_eq!(info.endpoint.len(), 1);
    assert!(info.endpoint[0].location.is_empty());
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    assert_eq!(ticket.ticket, descriptor.cmd);
    let announced = info.try_decode_schema().unwrap();
    let result = client.get_schema(descriptor).await.unwrap().into_inner();
    assert_eq!(Schema::try_from(&result).unwrap(), announced);

    // None of the query headers matters here.
    let request = with_headers(ticket, &[("limit", "x"), ("preserve_dictionary", "true")]);
    let messages = client.do_get(request).await.unwrap().into_inner();
    let answer = Answer::of(messages.try_collect().await.unwrap()).await;
    assert_eq!(*answer.schema, announced);
    answer
}

#[tokio::test]
async fn every_command_is_answered() {
    let server = TestServer::start().await;
    assert_eq!(answer(&server, &CommandGetCatalogs {}).await.rows(), 1);
    assert_eq!(
        answer(&server, &CommandGetDbSchemas::default())
            .await
            .rows(),
        1
    );
    assert_eq!(answer(&server, &CommandGetTableTypes {}).await.rows(), 1);
    assert!(answer(&server, &CommandGetSqlInfo::default()).await.rows() > 10);
    let some = CommandGetSqlInfo {
        info: vec![0, 8, 77],
    };
    assert_eq!(answer(&server, &some).await.rows(), 2);
    assert_eq!(
        answer(&server, &CommandGetPrimaryKeys::default())
            .await
            .rows(),
        0
    );
    assert_eq!(
        answer(&server, &CommandGetExportedKeys::default())
            .await
            .rows(),
        0
    );
    assert_eq!(
        answer(&server, &CommandGetImportedKeys::default())
            .await
            .rows(),
        0
    );
    assert_eq!(
        answer(&server, &CommandGetCrossReference::default())
            .await
            .rows(),
        0
    );
    let types = CommandGetXdbcTypeInfo { data_type: None };
    assert_eq!(answer(&server, &types).await.rows(), 0);
}

#[tokio::test]
async fn tables_as_a_column_browser_asks_for_them() {
    let server = TestServer::start().await;
    let request = CommandGetTables {
        table_types: vec!["BASE TABLE".into(), "table".into()],
        ..Default::default()
    };
    let tables = answer(&server, &request).await;
    assert_eq!(tables.schema.fields().len(), 4);
    let names = tables.all();
    let names: Vec<_> = names
        .column(2)
        .as_string::<i32>()
        .iter()
        .flatten()
        .collect();
    for name in ["blocks", "log_entries", "measures", "processes", "streams"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert!(names.is_sorted());

    let request = CommandGetTables {
        table_name_filter_pattern: Some("log_entries".into()),
        include_schema: true,
        ..Default::default()
    };
    let tables = answer(&server, &request).await;
    assert_eq!(tables.rows(), 1);
    let row = tables.all();
    let message = row.column(4).as_binary::<i32>().value(0);
    let stored = arrow::ipc::convert::try_schema_from_ipc_buffer(message).unwrap();
    let sent = server
        .query(
            "SELECT * FROM log_entries",
            &[("preserve_dictionary", "true")],
        )
        .await;
    let columns = |schema: &Schema| -> Vec<_> {
        let field =
            |field: &arrow::datatypes::FieldRef| (field.name().clone(), field.data_type().clone());
        schema.fields().iter().map(field).collect()
    };
    assert_eq!(columns(&stored), columns(&sent.unwrap().schema));
}
