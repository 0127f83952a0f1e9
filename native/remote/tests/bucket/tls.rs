//! A server's certificate is asked for, and counts if it is trusted.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use replay_remote::{Address, AddressError, Bucket, FaultKind, Options};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use tempfile::TempDir;

use crate::support::{bytes, open, options, rows};

/// A server with a certificate of its own, whose answer to everything is the same; and the file
/// that the certificate is in.
fn server(folder: &TempDir) -> (SocketAddr, std::path::PathBuf) {
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, cert.pem()).unwrap();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], PrivateKeyDer::from(key))
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It ends with the program.
    thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            let mut connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = Stream::new(&mut connection, &mut socket);
            // Who does not trust it says nothing.
            if stream.read(&mut [0; 4096]).is_ok_and(|it| it > 0) {
                let answer = b"HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(answer).unwrap();
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (address, file)
}

#[test]
fn a_certificate_counts_if_it_is_trusted() {
    let folder = TempDir::new().unwrap();
    let (address, file) = server(&folder);
    let mut options = Options {
        endpoint: Some(format!("https://localhost:{}", address.port())),
        ..options(address)
    };
    let stranger = open("s3://replays", &options);
    let fault = stranger.get(&rows(0), 1).unwrap_err();
    assert_eq!(fault.to_string(), "the server's certificate is not trusted");
    assert_eq!(fault.kind(), FaultKind::Unavailable);

    options.ca_file = Some(file);
    let friend = open("s3://replays", &options);
    let fault = friend.get(&rows(0), 1).unwrap_err();
    assert_eq!(fault.status(), Some(503), "{fault}");

    // A name that is not in it.
    options.endpoint = Some(format!("https://127.0.0.1:{}", address.port()));
    let fault = open("s3://replays", &options)
        .put(&rows(0), bytes(1))
        .unwrap_err();
    assert_eq!(fault.to_string(), "the server's certificate is not trusted");
}

#[test]
fn a_server_that_does_not_encrypt_is_not_spoken_to() {
    let site = crate::support::Site::local();
    let options = Options {
        endpoint: Some(format!("https://{}", site.address())),
        ..site.options()
    };
    let fault = open("s3://replays", &options).get(&rows(0), 1).unwrap_err();
    assert_eq!(fault.to_string(), "no encrypted connection can be made");
    assert!(fault.is_retryable());
}

#[test]
fn a_file_without_certificates_is_told() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ca.pem");
    let refused = || {
        let options = Options {
            endpoint: Some("https://localhost".to_owned()),
            ca_file: Some(file.clone()),
            ..options(([127, 0, 0, 1], 1).into())
        };
        let address = Address::parse("s3://replays").unwrap();
        matches!(
            Bucket::open(&address, &options),
            Err(AddressError::Option { key: "ca_file", .. })
        )
    };
    assert!(refused());
    for content in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nx\n"] {
        std::fs::write(&file, content).unwrap();
        assert!(refused(), "{content}");
    }
}
