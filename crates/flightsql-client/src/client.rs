//! The call: SQL and metadata in, a stream of record batches out.

use arrow_flight::Ticket;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{Any, ProstMessageExt, TicketStatementQuery};
use bytes::Bytes;
use prost::Message;
use tonic::Request;
use tonic::transport::Channel;

use crate::endpoint::{self, UrlError};
use crate::{Error, QueryStream, RequestMetadata, Result};

/// Largest message accepted from the query service, in bytes.
///
/// The service splits batches near 2 MiB, but one very wide row cannot be split.
const MESSAGE_BYTES_MAX: usize = 100 * 1024 * 1024;

/// A handle on the query service. Clones share one connection.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
}

impl Client {
    /// Prepares a connection to `url`; nothing is sent before the first query.
    ///
    /// `grpc://` and `http://` are plaintext, `grpc+tls://` and `https://` are TLS verified
    /// against the system's root certificates. Must be called inside a tokio runtime.
    pub fn connect_lazy(url: &str) -> Result<Self, UrlError> {
        Ok(Self::from_channel(endpoint::parse(url)?.connect_lazy()))
    }

    /// Uses a channel that the caller has made, for instance over an in-memory pipe to a
    /// query service of the same process. See [`tuned`](crate::tuned).
    pub fn from_channel(channel: Channel) -> Self {
        Self { channel }
    }

    /// Starts a query and waits for its schema.
    ///
    /// Goes directly to `DoGet` with the SQL in the ticket: the service accepts tickets made
    /// by clients, so the round trip of `GetFlightInfo` would tell nothing.
    ///
    /// # Errors
    /// The service's own refusal as [`Error::Status`]; no connection as [`Error::Transport`].
    pub async fn query(&self, sql: &str, metadata: RequestMetadata) -> Result<QueryStream> {
        let mut request = Request::new(statement_ticket(sql));
        *request.metadata_mut() = metadata.into_inner();
        let mut service = FlightServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX);
        let answer = service.do_get(request).await.map_err(Error::from_status)?;
        QueryStream::open(answer.into_inner()).await
    }
}

/// A ticket that carries the statement itself.
fn statement_ticket(sql: &str) -> Ticket {
    let statement = TicketStatementQuery {
        statement_handle: Bytes::copy_from_slice(sql.as_bytes()),
    };
    let any: Any = statement.as_any();
    Ticket::new(any.encode_to_vec())
}
