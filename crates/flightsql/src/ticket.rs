//! Tickets and commands: the protobuf messages that say what a client asks for.

use crate::error::{Error, Result};
use arrow_flight::Ticket;
use arrow_flight::sql::{Any, Command, ProstMessageExt, TicketStatementQuery};
use bytes::Bytes;
use prost::Message;

/// How the type URL of every wrapped message begins. No SQL text does.
const TYPE_URL_PREFIX: &str = "type.googleapis.com/";

/// A ticket is a command wrapped in `Any`, or a bare `TicketStatementQuery`.
///
/// Both begin with a length-delimited field 1, so the type URL tells them apart. The server does
/// not need to have issued the ticket: clients make their own around any SQL text.
pub(crate) fn decode_ticket(ticket: Bytes) -> Result<Command> {
    if let Ok(any) = Any::decode(ticket.clone())
        && any.type_url.starts_with(TYPE_URL_PREFIX)
    {
        return Command::try_from(any).map_err(Error::UndecodableCommand);
    }
    let bare = TicketStatementQuery::decode(ticket).map_err(|source| Error::Undecodable {
        what: "ticket",
        source,
    })?;
    Ok(Command::TicketStatementQuery(bare))
}

/// The command of a descriptor, or the body of an action: always wrapped in `Any`.
pub(crate) fn decode_command(bytes: &Bytes) -> Result<Command> {
    let any = Any::decode(bytes.clone()).map_err(|source| Error::Undecodable {
        what: "command",
        source,
    })?;
    Command::try_from(any).map_err(Error::UndecodableCommand)
}

/// The ticket that runs a SQL text.
pub(crate) fn statement_ticket(sql: Bytes) -> Ticket {
    let statement = TicketStatementQuery {
        statement_handle: sql,
    };
    Ticket::new(statement.as_any().encode_to_vec())
}

/// The SQL text of a statement handle.
pub(crate) fn sql_text(handle: Bytes, bytes_max: usize) -> Result<String> {
    if handle.len() > bytes_max {
        return Err(Error::SqlTooLong {
            bytes: handle.len(),
            max: bytes_max,
        });
    }
    String::from_utf8(handle.into()).map_err(|_| Error::SqlNotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_flight::sql::CommandGetCatalogs;
    use tonic::{Code, Status};

    fn check_statement(ticket: Bytes, sql: &str) {
        match decode_ticket(ticket) {
            Ok(Command::TicketStatementQuery(ticket)) => {
                assert_eq!(sql_text(ticket.statement_handle, 1000).unwrap(), sql);
            }
            other => panic!("not a statement: {other:?}"),
        }
    }

    #[test]
    fn both_forms_of_a_statement_are_accepted() {
        for sql in ["SELECT 1", "", "-- é\nSELECT 'type.googleapis.com/x';\n"] {
            let bare = TicketStatementQuery {
                statement_handle: Bytes::from(sql.to_owned()),
            };
            check_statement(bare.encode_to_vec().into(), sql);
            check_statement(bare.as_any().encode_to_vec().into(), sql);
            check_statement(statement_ticket(sql.to_owned().into()).ticket, sql);
        }
    }

    #[test]
    fn other_commands_come_wrapped() {
        let ticket = CommandGetCatalogs {}.as_any().encode_to_vec();
        assert!(matches!(
            decode_ticket(ticket.into()),
            Ok(Command::CommandGetCatalogs(_))
        ));
        let unknown = Any {
            type_url: "type.googleapis.com/other.Message".into(),
            value: Bytes::new(),
        };
        assert!(matches!(
            decode_ticket(unknown.encode_to_vec().into()),
            Ok(Command::Unknown(_))
        ));
    }

    #[test]
    fn unreadable_tickets_are_internal_errors() {
        let code = |result: Result<String>| Status::from(result.unwrap_err()).code();
        for garbage in [&b"\xff\xff\xff"[..], b"\x0a\x7fshort", b"\x0a"] {
            assert_eq!(
                code(decode_ticket(Bytes::from_static(garbage)).map(|_| String::new())),
                Code::Internal
            );
        }
        let broken = Any {
            type_url: TicketStatementQuery::type_url().into(),
            value: Bytes::from_static(b"\x0a\x7f"),
        };
        let decoded = decode_ticket(broken.encode_to_vec().into());
        assert_eq!(code(decoded.map(|_| String::new())), Code::Internal);

        let not_text = TicketStatementQuery {
            statement_handle: Bytes::from_static(b"SELECT '\xc3('"),
        };
        for ticket in [not_text.encode_to_vec(), not_text.as_any().encode_to_vec()] {
            let Ok(Command::TicketStatementQuery(statement)) = decode_ticket(ticket.into()) else {
                panic!("not a statement");
            };
            assert_eq!(
                code(sql_text(statement.statement_handle, 1000)),
                Code::Internal
            );
        }
    }

    #[test]
    fn long_texts_are_refused() {
        let result = sql_text(Bytes::from(vec![b' '; 11]), 10);
        assert_eq!(
            Status::from(result.unwrap_err()).code(),
            Code::InvalidArgument
        );
    }
}
