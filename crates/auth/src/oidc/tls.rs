//! Whose certificates are believed.

use std::sync::{Arc, LazyLock};

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

/// The public authorities, and those of this machine: a company's own issuer has a certificate
/// of the company. `SSL_CERT_FILE` and `SSL_CERT_DIR` name others than the machine's. Read once,
/// for all doors of the process.
static ROOTS: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let machine = rustls_native_certs::load_native_certs();
    for error in &machine.errors {
        tracing::warn!(%error, "a certificate authority of this machine can not be read");
    }
    // A store may hold certificates that no server could use; they are left out.
    let (added, ignored) = roots.add_parsable_certificates(machine.certs);
    tracing::debug!(added, ignored, "certificate authorities of this machine");
    Arc::new(roots)
});

pub(crate) fn client_config() -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default versions")
        .with_root_certificates(Arc::clone(&ROOTS))
        .with_no_client_auth()
}
