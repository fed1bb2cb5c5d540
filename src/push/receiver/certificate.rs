//! The certificate of the receiver. It is renewed every few weeks while the receiver runs: the files are looked at with
//! every handshake, and read again where they changed.

use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use anyhow::Result;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// By what a file is known to have changed; `None` where it is not there.
type Stamp = Option<(SystemTime, u64)>;

/// A certificate chain and its key, both PEM.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    held: Mutex<Held>,
    told: Box<dyn Fn(Text) + Send + Sync>,
}

/// What is served, and how the files stood when they were last read, well or not.
struct Held {
    stamps: [Stamp; 2],
    served: Arc<CertifiedKey>,
}

/// Reads a certificate chain and its key, both PEM. Both are read again when they change: `told` is then told of it, or
/// why the new ones cannot be used and the former ones stay.
///
/// # Errors
/// Where they cannot be read, or the key is not that of the certificate.
pub fn tls(
    certificate: &Path,
    key: &Path,
    told: impl Fn(Text) + Send + Sync + 'static,
) -> Result<Arc<ServerConfig>> {
    let stamps = [stamp(certificate), stamp(key)];
    let files = Files {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        held: Mutex::new(Held {
            stamps,
            served: read(certificate, key)?,
        }),
        told: Box::new(told),
    };
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(certificate, &error))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(files));
    Ok(Arc::new(config))
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::input(text!(
        "cannot use {path} for TLS: {error}",
        path = path.display().to_string(),
        error = error.to_string()
    ))
    .hint(text!(
        "give a certificate with its chain and its private key, both in PEM"
    ))
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, Failure> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(certificate, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
    CertifiedKey::from_der(chain, private, &default_provider())
        .map(Arc::new)
        .map_err(|error| unusable(certificate, &error))
}

fn stamp(path: &Path) -> Stamp {
    let known = std::fs::metadata(path).ok()?;
    Some((known.modified().ok()?, known.len()))
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = [stamp(&self.certificate), stamp(&self.key)];
        if stamps != held.stamps {
            // Half of a renewal is not used; its other half changes a file once more.
            held.stamps = stamps;
            match read(&self.certificate, &self.key) {
                Ok(served) => {
                    held.served = served;
                    (self.told)(text!("the certificate changed and was read again"));
                }
                Err(failure) => (self.told)(text!(
                    "the certificate changed but cannot be used; the previous one stays in use: {why}",
                    why = failure.message
                )),
            }
        }
        Some(held.served.clone())
    }
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}
