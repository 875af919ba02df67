//! Statements by ticket, and the types that come back.

use crate::harness::{Answer, TestServer, descriptor, statement_ticket, with_headers};
use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type, Schema};
use arrow_flight::sql::{
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult,
    CommandPreparedStatementQuery, CommandStatementQuery, ProstMessageExt, TicketStatementQuery,
};
use arrow_flight::{Action, Ticket};
use futures::TryStreamExt;
use prost::Message;
use std::sync::Arc;

const PRESERVE: &[(&str, &str)] = &[("preserve_dictionary", "True")];

#[tokio::test]
async fn tickets_need_no_flight_info_and_come_in_two_forms() {
    let server = TestServer::start().await;
    let sql = "\n-- a comment\nSELECT 1 AS one, 'é' AS e;\n";
    let bare = TicketStatementQuery {
        statement_handle: sql.into(),
    };
    let prepared = CommandPreparedStatementQuery {
        prepared_statement_handle: sql.into(),
    };
    for ticket in [
        statement_ticket(sql),
        Ticket::new(bare.encode_to_vec()),
        Ticket::new(prepared.as_any().encode_to_vec()),
    ] {
        let messages = server.flight().do_get(ticket).await.unwrap().into_inner();
        let answer = Answer::of(messages.try_collect().await.unwrap())
            .await
            .all();
        assert_eq!(answer.column(0).as_primitive::<Int64Type>().values(), &[1]);
        assert_eq!(answer.column(1).as_string::<i32>().value(0), "é");
    }
}

#[tokio::test]
async fn flight_info_promises_nothing_that_it_does_not_know() {
    let server = TestServer::start().await;
    let command = CommandStatementQuery {
        query: "not even SQL".into(),
        transaction_id: Some("ignored".into()),
    };
    let info = server.flight().get_flight_info(descriptor(&command)).await;
    let info = info.unwrap().into_inner();
    assert!(info.schema.is_empty());
    assert_eq!((info.total_records, info.total_bytes), (-1, -1));
    assert_eq!(info.flight_descriptor, None);
    assert_eq!(info.endpoint.len(), 1);
    assert!(info.endpoint[0].location.is_empty());
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    assert_eq!(ticket, statement_ticket("not even SQL"));
}

#[tokio::test]
async fn the_rust_client_works() {
    let server = TestServer::start().await;
    let mut client = server.sql();
    let info = client.execute("SELECT 7 AS n".into(), None).await.unwrap();
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let batches: Vec<_> = client
        .do_get(ticket)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        batches[0].column(0).as_primitive::<Int64Type>().values(),
        &[7]
    );

    let mut statement = client.prepare("SELECT 8 AS n".into(), None).await.unwrap();
    assert_eq!(statement.dataset_schema().unwrap().field(0).name(), "n");
    let info = statement.execute().await.unwrap();
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let batches: Vec<_> = client
        .do_get(ticket)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        batches[0].column(0).as_primitive::<Int64Type>().values(),
        &[8]
    );
    statement.close().await.unwrap();
}

#[tokio::test]
async fn an_answer_without_rows_has_its_schema() {
    let server = TestServer::start().await;
    for sql in [
        "SELECT 1 AS one WHERE false",
        "SELECT * FROM processes",
        "SELECT * FROM log_entries",
    ] {
        let answer = server.query(sql, &[]).await.unwrap();
        assert_eq!(answer.rows(), 0, "{sql}");
        assert!(!answer.schema.fields().is_empty(), "{sql}");
    }
}

const DICTIONARY: &str = "SELECT arrow_cast(column1, 'Dictionary(Int32, Utf8)') AS d, \
     make_array(arrow_cast(column1, 'Dictionary(Int32, Utf8)')) AS l, \
     named_struct('x', arrow_cast(column1, 'Dictionary(Int32, Utf8)')) AS s \
     FROM (VALUES ('a'), ('b'), ('a'))";

#[tokio::test]
async fn dictionaries_are_kept_for_those_who_ask() {
    let server = TestServer::start().await;
    let flat = server.query(DICTIONARY, &[]).await.unwrap();
    let kept = server.query(DICTIONARY, PRESERVE).await.unwrap();
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    assert_eq!(flat.schema.field(0).data_type(), &DataType::Utf8);
    assert_eq!(kept.schema.field(0).data_type(), &dictionary);
    for (answer, inner) in [(&flat, &DataType::Utf8), (&kept, &dictionary)] {
        let DataType::List(item) = answer.schema.field(1).data_type() else {
            panic!("not a list");
        };
        assert_eq!(item.data_type(), inner);
        let DataType::Struct(fields) = answer.schema.field(2).data_type() else {
            panic!("not a struct");
        };
        assert_eq!(fields[0].data_type(), inner);
    }
    let texts = arrow::compute::cast(kept.all().column(0), &DataType::Utf8).unwrap();
    assert_eq!(&texts, flat.all().column(0));
    assert_eq!(
        texts
            .as_string::<i32>()
            .iter()
            .flatten()
            .collect::<Vec<_>>(),
        ["a", "b", "a"]
    );
}

#[tokio::test]
async fn no_view_types_on_the_wire() {
    let server = TestServer::start().await;
    let sql = "SELECT arrow_cast('text', 'Utf8View') AS s, arrow_cast('bytes', 'BinaryView') AS b, \
               make_array(arrow_cast('text', 'Utf8View')) AS l, CAST('x' AS VARCHAR) AS v, \
               arrow_cast('large', 'LargeUtf8') AS g";
    for headers in [&[][..], PRESERVE] {
        let answer = server.query(sql, headers).await.unwrap();
        let types: Vec<_> = answer
            .schema
            .fields()
            .iter()
            .map(|f| f.data_type().clone())
            .collect();
        assert_eq!(types[0], DataType::Utf8);
        assert_eq!(types[1], DataType::Binary);
        assert!(matches!(&types[2], DataType::List(item) if item.data_type() == &DataType::Utf8));
        assert_eq!(types[3], DataType::Utf8);
        assert_eq!(types[4], DataType::LargeUtf8);
        let row = answer.all();
        assert_eq!(row.column(0).as_string::<i32>().value(0), "text");
        assert_eq!(row.column(1).as_binary::<i32>().value(0), b"bytes");
        assert_eq!(row.column(3).as_string::<i32>().value(0), "x");
    }
}

#[tokio::test]
async fn all_announced_schemas_are_the_one_sent() {
    let server = TestServer::start().await;
    for sql in [
        DICTIONARY,
        "SELECT 1 AS a, NULL AS b, CAST(NULL AS VARCHAR) AS c",
        "SELECT arrow_cast('a', 'Utf8View') AS v",
        "SELECT max(value) AS m, count(*) AS n FROM generate_series(1, 10)",
        "SELECT value FROM generate_series(1, 10) UNION ALL SELECT NULL",
        "SELECT * FROM processes",
        "SELECT * FROM streams",
        "SELECT * FROM blocks",
        "SELECT * FROM log_entries",
        "SELECT * FROM measures",
        "SELECT time, level, msg, arrow_typeof(msg) FROM log_entries ORDER BY time LIMIT 3",
        "EXPLAIN SELECT 1",
        "SHOW TABLES",
    ] {
        for headers in [&[][..], PRESERVE] {
            check_schemas(&server, sql, headers).await;
        }
    }
}

async fn check_schemas(server: &TestServer, sql: &str, headers: crate::harness::Headers<'_>) {
    let sent = server.query(sql, headers).await.unwrap().schema;
    let statement = CommandStatementQuery {
        query: sql.into(),
        transaction_id: None,
    };
    let prepared = CommandPreparedStatementQuery {
        prepared_statement_handle: sql.to_owned().into(),
    };
    for command in [descriptor(&statement), descriptor(&prepared)] {
        let request = with_headers(command, headers);
        let result = server
            .flight()
            .get_schema(request)
            .await
            .unwrap()
            .into_inner();
        let schema = Schema::try_from(&result).unwrap();
        assert_eq!(schema, *sent, "GetSchema of {sql}");
    }
    let prepared = prepare(server, sql, headers).await;
    assert_eq!(prepared.prepared_statement_handle, sql);
    assert!(prepared.parameter_schema.is_empty());
    let reader =
        arrow::ipc::reader::StreamReader::try_new(&prepared.dataset_schema[..], None).unwrap();
    assert_eq!(reader.schema(), sent, "prepared {sql}");
    assert_eq!(reader.count(), 0);
}

async fn prepare(
    server: &TestServer,
    sql: &str,
    headers: crate::harness::Headers<'_>,
) -> ActionCreatePreparedStatementResult {
    let request = ActionCreatePreparedStatementRequest {
        query: sql.into(),
        transaction_id: None,
    };
    let action = Action::new("CreatePreparedStatement", request.as_any().encode_to_vec());
    let results = server
        .flight()
        .do_action(with_headers(action, headers))
        .await;
    let results: Vec<_> = results.unwrap().into_inner().try_collect().await.unwrap();
    assert_eq!(results.len(), 1);
    crate::harness::unpack(&results[0].body)
}

#[tokio::test]
async fn large_answers_come_in_bounded_messages() {
    let server = TestServer::start().await;
    let sql = "SELECT repeat('x', 1000) AS t, value FROM generate_series(1, 20000)";
    let messages = server.messages(sql, &[]).await.unwrap();
    for message in &messages {
        assert!(message.data_body.len() < 3 * crate::harness::MIB);
    }
    let answer = Answer::of(messages).await;
    assert_eq!(answer.rows(), 20_000);
    let values: Arc<_> = Arc::clone(answer.all().column(1));
    let sum = arrow::compute::sum(values.as_primitive::<Int64Type>());
    assert_eq!(sum, Some(20_000 * 20_001 / 2));
}
