//! Where credentials come from that no option says. Those that give them are played here, as none of
//! AWS's can be had; what they give is tried with a real server.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use replay_remote::{Address, AddressError, Bucket, FaultKind, Options};
use tempfile::TempDir;

use crate::support::{ACCESS_KEY_ID, SECRET, Site, bytes, is, rows};

/// Whoever gives credentials, and what was asked of it.
struct Giver {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Giver {
    /// Answers each request, of which `answer` is given the head, with a status and a body.
    fn start(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> Giver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heads = asked.clone();
        // It ends with the program.
        thread::spawn(move || {
            while let Ok((mut socket, _)) = listener.accept() {
                let mut request = [0; 4096];
                let length = socket.read(&mut request).unwrap_or(0);
                let head = String::from_utf8_lossy(&request[..length]).into_owned();
                let (status, body) = answer(&head);
                heads.lock().unwrap().push(head);
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-length: {length}");
                let _ = socket.write_all(format!("{head}\r\n\r\n{body}").as_bytes());
            }
        });
        Giver { address, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// What a metadata service says of a role.
fn role(expiration: &str) -> String {
    format!(
        r#"{{"AccessKeyId":"{ACCESS_KEY_ID}","SecretAccessKey":"{SECRET}","Token":"a-token",
        "Expiration":"{expiration}","Code":"Success","Type":"AWS-HMAC"}}"#
    )
}

const LATER: &str = "2099-01-01T00:00:00Z";
const LONG_AGO: &str = "2001-01-01T00:00:00Z";

/// As an instance of EC2 has it.
fn instance(expiration: &'static str) -> Giver {
    Giver::start(
        move |head| match head.split(' ').take(2).collect::<Vec<_>>()[..] {
            ["PUT", "/latest/api/token"] => (200, "a-session".to_owned()),
            ["GET", path] if head.contains("x-aws-ec2-metadata-token: a-session") => {
                match path.strip_prefix("/latest/meta-data/iam/security-credentials/") {
                    Some("") => (200, "a-role".to_owned()),
                    Some("a-role") => (200, role(expiration)),
                    _ => (404, String::new()),
                }
            }
            _ => (401, String::new()),
        },
    )
}

/// Options that say where the bucket is, and these variables.
fn named(site: &Site, variables: &[(&str, &str)]) -> Options {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned().into());
    Options {
        access_key_id: None,
        secret_access_key: None,
        environment: variables.iter().map(owned).collect(),
        request_timeout: Duration::from_secs(5),
        ..site.options()
    }
}

fn open(options: &Options) -> Bucket {
    Bucket::open(&Address::parse("s3://replays").unwrap(), options).unwrap()
}

#[track_caller]
fn works(options: &Options) {
    let bucket = open(options);
    bucket.put(&rows(0), bytes(10)).unwrap();
    assert_eq!(bucket.get(&rows(0), 10).unwrap(), bytes(10));
}

#[test]
fn the_environment_may_say_it_all() {
    let site = Site::local();
    let endpoint = site.options().endpoint.unwrap();
    let said = named(
        &site,
        &[
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_SESSION_TOKEN", ""),
            ("AWS_ENDPOINT_URL_S3", &endpoint),
            ("AWS_REGION", "eu-central-1"),
        ],
    );
    works(&Options {
        endpoint: None,
        ..said
    });
}

#[test]
fn what_is_said_here_counts_more() {
    let site = Site::local();
    let variables = [
        ("AWS_ACCESS_KEY_ID", "another"),
        ("AWS_SECRET_ACCESS_KEY", "another"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_REGION", "no region"),
    ];
    let options = Options {
        region: Some("eu-central-1".to_owned()),
        ..named(&site, &variables)
    };
    is(open(&options).get(&rows(0), 1), FaultKind::Denied);
    works(&Options {
        access_key_id: Some(ACCESS_KEY_ID.to_owned().into()),
        secret_access_key: Some(SECRET.to_owned().into()),
        ..options
    });
}

#[test]
fn half_of_a_pair_is_refused() {
    let site = Site::local();
    for half in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        let options = named(&site, &[(half, "hidden")]);
        let error = Bucket::open(&Address::parse("s3://replays").unwrap(), &options).unwrap_err();
        assert!(!error.to_string().contains("hidden"));
        let key = "access_key_id";
        assert!(matches!(error, AddressError::Option { key: it, .. } if it == key));
    }
}

#[test]
fn an_instance_has_them_from_its_metadata_service() {
    let site = Site::local();
    let giver = instance(LATER);
    let endpoint = giver.url("");
    let options = named(&site, &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &endpoint)]);
    works(&options);
    // A session, the role's name, its credentials: once for all requests.
    assert_eq!(giver.asked().len(), 3);
}

#[test]
fn those_that_expire_are_asked_for_again() {
    let site = Site::local();
    let giver = instance(LONG_AGO);
    let endpoint = giver.url("");
    let bucket = open(&named(
        &site,
        &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &endpoint)],
    ));
    bucket.put(&rows(0), bytes(1)).unwrap();
    // They are not asked for more often than every so often.
    thread::sleep(Duration::from_millis(500));
    bucket.put(&rows(1), bytes(1)).unwrap();
    assert_eq!(giver.asked().len(), 6);
}

#[test]
fn whoever_had_none_may_have_some_later() {
    let site = Site::local();
    let is_early = AtomicBool::new(true);
    let giver = Giver::start(move |head| match head.starts_with("PUT") {
        // As who is at that address and knows nothing of it may answer.
        true if is_early.swap(false, Relaxed) => (200, "<html>\n</html>".to_owned()),
        true => (200, "a-session".to_owned()),
        false if head.contains("/security-credentials/ ") => (200, "a-role".to_owned()),
        false => (200, role(LATER)),
    });
    let endpoint = giver.url("");
    let options = named(&site, &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &endpoint)]);
    let bucket = open(&options);
    is(bucket.put(&rows(0), bytes(1)), FaultKind::Unavailable);
    bucket.put(&rows(0), bytes(1)).unwrap();
}

#[test]
fn a_pod_has_them_from_its_agent() {
    let site = Site::local();
    let giver = Giver::start(|head| match head.contains("authorization: a-pod's") {
        true => (200, role(LATER)),
        false => (401, String::new()),
    });
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "a-pod's").unwrap();
    let url = giver.url("/v1/credentials");
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            file.to_str().unwrap(),
        ),
    ];
    works(&named(&site, &variables));
    assert_eq!(giver.asked().len(), 1);
}

#[test]
fn a_web_identity_is_exchanged_for_them() {
    let site = Site::local();
    let giver = Giver::start(|head| {
        let is_asked = ["POST /?", "AssumeRoleWithWebIdentity", "an-identity"];
        assert!(is_asked.iter().all(|it| head.contains(it)), "{head}");
        let credentials = format!(
            "<AccessKeyId>{ACCESS_KEY_ID}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>\
             <SessionToken>a-token</SessionToken><Expiration>{LATER}</Expiration>"
        );
        let result = "AssumeRoleWithWebIdentityResult";
        let body = format!(
            "<AssumeRoleWithWebIdentityResponse><{result}><Credentials>{credentials}</Credentials>\
             </{result}></AssumeRoleWithWebIdentityResponse>"
        );
        (200, body)
    });
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "an-identity").unwrap();
    let url = giver.url("");
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/replays"),
        ("AWS_ENDPOINT_URL_STS", &url),
    ];
    works(&named(&site, &variables));
    assert_eq!(giver.asked().len(), 1);
}

#[test]
fn whoever_gives_none_is_waited_for_and_not_for_ever() {
    let site = Site::local();
    let nobody = "http://127.0.0.1:1".to_owned();
    let nonsense = Giver::start(|_| (200, "\u{7f}{}".to_owned())).url("");
    let refuses = Giver::start(|_| (403, "hidden".to_owned())).url("");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    for endpoint in [nobody, nonsense, refuses, silent] {
        let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint.as_str())];
        let fault = open(&named(&site, &variables))
            .put(&rows(0), bytes(1))
            .unwrap_err();
        assert_eq!(fault.to_string(), "no credentials are to be had");
        assert_eq!(fault.kind(), FaultKind::Unavailable);
        assert!(fault.is_retryable());
    }
}

#[test]
fn whoever_says_more_than_there_is_to_say_gives_none() {
    let site = Site::local();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    // It ends with the program.
    thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            let _ = socket.read(&mut [0; 4096]);
            let _ = socket.write_all(b"HTTP/1.1 200 -\r\ncontent-length: 100000000000000\r\n\r\na");
            // What comes in two pieces is put together, for which room would be made.
            thread::sleep(Duration::from_millis(100));
            let _ = socket.write_all(b"b");
        }
    });
    let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint.as_str())];
    let fault = open(&named(&site, &variables))
        .put(&rows(0), bytes(1))
        .unwrap_err();
    assert_eq!(fault.to_string(), "no credentials are to be had");
}
