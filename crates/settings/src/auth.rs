//! Who may use a service.

use std::net::SocketAddr;

use crate::Problems;

/// Flags about authentication.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct AuthArgs {
    /// Serve everybody who can reach the listen addresses
    #[arg(long)]
    pub disable_auth: bool,
}

/// The operator chose to run without authentication.
#[derive(Debug, Clone, Copy)]
pub struct Unauthenticated(());

impl AuthArgs {
    /// # Errors
    /// `--disable-auth` is missing: a service is never open by accident.
    pub fn config(&self) -> Result<Unauthenticated, Problems> {
        if self.disable_auth {
            return Ok(Unauthenticated(()));
        }
        Err(Problems::one(
            "authentication is not implemented yet: pass --disable-auth to serve everybody who \
             can reach the listen addresses",
        ))
    }
}

impl Unauthenticated {
    /// Logs a warning for every address that other machines may reach.
    pub fn warn_if_exposed(self, addresses: impl IntoIterator<Item = SocketAddr>) {
        for address in exposed(addresses) {
            tracing::warn!(
                %address,
                "authentication is off and the listen address is not loopback: everybody on the \
                 network can use this service"
            );
        }
    }
}

fn exposed(addresses: impl IntoIterator<Item = SocketAddr>) -> impl Iterator<Item = SocketAddr> {
    let addresses = addresses.into_iter();
    addresses.filter(|address| !address.ip().to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_loopback_is_exposed() {
        let addresses = [
            "127.0.0.1:1",
            "127.8.0.1:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
            "0.0.0.0:2",
            "[::]:2",
            "10.0.0.1:2",
        ];
        let addresses = addresses.map(|text| text.parse::<SocketAddr>().unwrap());
        assert!(
            exposed(addresses)
                .map(|address| address.port())
                .eq([2, 2, 2])
        );
    }
}
