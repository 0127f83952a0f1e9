//! One request and its answer.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, Response};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};

use crate::fault::Fault;
use crate::requests::{Counts, count};

use super::ask::Ask;
use super::body::{Receiving, Sending};
use super::listing::Listing;
use super::pace::{Pace, Progress};
use super::xml;

/// Bytes of the body of an answer that is no success.
const MAX_ERROR_BYTES: u64 = 64 << 10;
/// What the layer above reads of a listing, once it has been read here.
const NO_LISTING: Bytes = Bytes::from_static(b"<ListBucketResult/>");

/// Sends requests. Whatever is no success, it tells as a [`Fault`]; for the layer above that is an
/// error of the network which is not worth another try, and goes through it as it is.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    client: reqwest::Client,
    pace: Pace,
    counts: Arc<Counts>,
    /// Whether answers are from someone else than the bucket, and statuses mean other things.
    is_foreign: bool,
}

/// Gives a transport to those who want to make their own.
#[derive(Debug)]
pub(crate) struct Connector(pub Transport);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

#[async_trait]
impl HttpService for Transport {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let kind = match self.is_foreign {
            true => HttpErrorKind::Request,
            false => HttpErrorKind::Unknown,
        };
        self.exchange(request).await.map_err(|fault| {
            count(&self.counts.failed, 1);
            HttpError::new(kind, fault)
        })
    }
}

impl Transport {
    /// To the bucket.
    pub fn new(client: reqwest::Client, idle: Duration, counts: Arc<Counts>) -> Transport {
        Transport {
            client,
            pace: Pace::new(idle),
            counts,
            is_foreign: false,
        }
    }

    /// To those who give credentials.
    pub fn foreign(client: reqwest::Client, idle: Duration) -> Transport {
        Transport {
            is_foreign: true,
            ..Transport::new(client, idle, Arc::default())
        }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, Fault> {
        let (parts, body) = request.into_parts();
        let ask = parts.extensions.get::<Ask>().copied().unwrap_or_default();
        self.count(&parts.method, ask);
        let url = parts.uri.to_string().parse();
        let url = url.map_err(|_| Fault::invalid("the key is not for a URL"))?;
        let mut request = reqwest::Request::new(parts.method.clone(), url);
        *request.headers_mut() = parts.headers;

        let progress = Arc::new(Progress::default());
        let bytes = body.content_length() as u64;
        if bytes > 0 {
            let body = Sending::new(body, progress.clone(), self.counts.clone());
            *request.body_mut() = Some(reqwest::Body::wrap(body));
        }
        let answer = self.client.execute(request);
        let answer = self.pace.keep(&progress, bytes, answer).await?;
        let answer: Response<reqwest::Body> = answer.map_err(|it| broken(&it))?.into();
        self.read(answer, ask, &parts.method).await
    }

    async fn read(
        &self,
        answer: Response<reqwest::Body>,
        ask: Ask,
        method: &Method,
    ) -> Result<HttpResponse, Fault> {
        let (mut parts, body) = answer.into_parts();
        let receive = |body, max| Receiving::new(body, max, self.pace, self.counts.clone());
        if !parts.status.is_success() && !self.is_foreign {
            // What it says only helps to tell.
            let body = receive(body, MAX_ERROR_BYTES).collect().await;
            let code = body.ok().and_then(|it| xml::code(&it.to_bytes()));
            let status = parts.status.as_u16();
            return Err(Fault::answered(method, status, code.as_deref()));
        }
        if method != Method::HEAD && told(&parts.headers, &body) > ask.max_bytes() {
            return Err(match (method, ask) {
                (&Method::GET, Ask::Body(_)) => Fault::too_large(),
                _ => Fault::invalid("the server's answer is too large"),
            });
        }
        let body = receive(body, ask.max_bytes());
        let body = match ask {
            Ask::Body(_) => HttpResponseBody::new(
                body.map_err(|fault| HttpError::new(HttpErrorKind::Unknown, fault)),
            ),
            Ask::Listing => {
                let bytes = body.collect().await?.to_bytes();
                parts.extensions.insert(Listing::read(&bytes)?);
                NO_LISTING.into()
            }
        };
        Ok(HttpResponse::from_parts(parts, body))
    }

    fn count(&self, method: &Method, ask: Ask) {
        let counter = match (method.as_str(), ask) {
            (_, Ask::Listing) => &self.counts.lists,
            ("PUT", _) => &self.counts.puts,
            ("HEAD", _) => &self.counts.heads,
            ("DELETE", _) => &self.counts.deletes,
            _ => &self.counts.gets,
        };
        count(counter, 1);
    }
}

/// Bytes that an answer says it has, by whichever length. The layer above makes room for as many,
/// also by a header that does not count since the body comes in chunks.
fn told(headers: &HeaderMap, body: &reqwest::Body) -> u64 {
    let lengths = headers.get_all(CONTENT_LENGTH).iter();
    let lengths = lengths.filter_map(|it| it.to_str().ok()?.parse().ok());
    lengths.fold(body.size_hint().lower(), u64::max)
}

/// Why there is no answer.
fn broken(error: &reqwest::Error) -> Fault {
    Fault::unavailable(match encryption(error) {
        Some(rustls::Error::InvalidCertificate(_)) => "the server's certificate is not trusted",
        Some(_) => "no encrypted connection can be made",
        None if error.is_timeout() => "the server can't be reached in time",
        None if error.is_connect() => "the server can't be reached",
        None => "the connection was cut",
    })
}

/// What is wrong with the encryption, if that is behind an error.
fn encryption<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        // What came as an I/O error is in it, and no source of it.
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
