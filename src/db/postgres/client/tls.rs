//! Encryption: rustls, checked as far as libpq's `sslmode` asks.

use super::watch::{Phase, Plain, Watch, Witness, seen};
use crate::db::SslMode;
use crate::db::postgres::endpoint::Endpoint;
use crate::fsio::{LARGE_INPUT, read_input};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What of the server's certificate is checked. Signatures of the handshake always are.
#[derive(Debug)]
struct Checker {
    provider: Arc<CryptoProvider>,
    /// `None`: any certificate will do.
    roots: Option<RootCertStore>,
    /// Whether the certificate must name the host.
    host: bool,
}

impl ServerCertVerifier for Checker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
            if self.host {
                rustls::client::verify_server_name(&certificate, server_name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The rustls configuration for `endpoint`.
///
/// # Errors
/// In words, if the root certificates cannot be had.
fn client_config(endpoint: &Endpoint) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = match endpoint.ssl_mode {
        SslMode::Disable | SslMode::Prefer => None,
        SslMode::Require if endpoint.ssl_root_cert.is_none() => None,
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => Some(roots(endpoint)?),
    };
    let checker = Checker { provider: Arc::clone(&provider), roots, host: endpoint.ssl_mode == SslMode::VerifyFull };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(checker))
        .with_no_client_auth();
    Ok(config)
}

fn roots(endpoint: &Endpoint) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &endpoint.ssl_root_cert {
        let unusable = |reason: String| format!("the root certificate {} cannot be used: {reason}", path.display());
        let bytes = read_input(path, LARGE_INPUT).map_err(|error| unusable(error.to_string()))?;
        for certificate in CertificateDer::pem_slice_iter(&bytes) {
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(unusable("it holds no certificate".into()));
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err("this system has no root certificates; name one with sslrootcert".into());
        }
    }
    Ok(roots)
}

/// Encrypts a connection to `endpoint`, and sees to the messages in it.
pub(super) struct Encryption {
    inner: <MakeRustlsConnect as MakeTlsConnect<Plain>>::TlsConnect,
    witness: Witness,
}

impl Encryption {
    /// # Errors
    /// In words, if the root certificates cannot be had.
    pub(super) fn new(endpoint: &Endpoint, host: &str, witness: Witness) -> Result<Encryption, String> {
        let mut maker = MakeRustlsConnect::new(client_config(endpoint)?);
        let Ok(inner) = MakeTlsConnect::<Plain>::make_tls_connect(&mut maker, host);
        Ok(Encryption { inner, witness })
    }
}

impl TlsConnect<Plain> for Encryption {
    type Stream = Watch<<MakeRustlsConnect as MakeTlsConnect<Plain>>::Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Stream>> + Send>>;

    fn connect(self, stream: Plain) -> Self::Future {
        let Encryption { inner, witness } = self;
        Box::pin(async move {
            match inner.connect(stream).await {
                Ok(stream) => Ok(Watch::new(stream, Phase::Plain, true, witness)),
                Err(error) => {
                    seen(&witness).handshake = Some(error.to_string());
                    Err(error)
                }
            }
        })
    }
}
