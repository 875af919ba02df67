//! The one behind a call: who they are, by proof, and what they say of themselves.

use std::net::SocketAddr;

use auth::{Attribution, Caller, ClaimedUser, Impersonation};
use axum::extract::ConnectInfo;
use http::Extensions;
use query::Access;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use crate::request_headers::ClientInfo;

/// A call's origin. Rights come from `caller`; everything else is for the record.
pub(crate) struct Asker<'r> {
    pub caller: Caller,
    pub metadata: &'r MetadataMap,
    peer: Option<SocketAddr>,
}

impl<'r> Asker<'r> {
    /// # Errors
    /// No authentication layer has put a caller into the request.
    pub fn of<T>(request: &'r Request<T>) -> Result<Self, Status> {
        Self::new(request.metadata(), request.extensions())
    }

    /// As [`Self::of`], from the parts of a request.
    pub fn new(metadata: &'r MetadataMap, extensions: &Extensions) -> Result<Self, Status> {
        // There when the server that holds the connection says so.
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self {
            caller: auth::grpc::caller(extensions)?,
            metadata,
            peer: peer.map(|connection| connection.0),
        })
    }

    /// What the caller may use. Claims have no say in it.
    pub fn access(&self) -> Access {
        if self.caller.is_admin {
            Access::Administrator
        } else {
            Access::Reader
        }
    }

    /// Whom the call is recorded for.
    pub fn attribution(&self) -> Result<Attribution, Impersonation> {
        let claimed = ClaimedUser::of_headers(self.metadata.as_ref());
        Attribution::of(&self.caller, claimed)
    }

    pub fn client(&self) -> ClientInfo {
        ClientInfo::parse(self.metadata, self.peer.map(|address| address.ip()))
    }
}
