//! Who asks, as the protocol in front found out.

/// What a caller may use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Access {
    #[default]
    Reader,
    /// Also the functions that change what others can do.
    Administrator,
}

/// Where a query comes from; what is not known is `None`. The deny list judges by it, and
/// administrators are known by their `user_id`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    pub user_id: Option<String>,
    pub email: Option<String>,
    /// Name of the key that spoke for the user.
    pub service_account: Option<String>,
    pub client: Option<String>,
    pub agent: Option<String>,
    pub entrypoint: Option<String>,
    pub session: Option<String>,
    pub notebook: Option<String>,
    pub cell: Option<String>,
    pub client_ip: Option<String>,
}
