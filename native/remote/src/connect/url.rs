//! Where requests go.

use reqwest::Url;

use crate::address::{AddressError, Options};

use super::check::wrong;

/// The URL that keys are put behind.
pub(super) fn bucket_url(
    bucket: &str,
    endpoint: Option<&str>,
    region: &str,
    options: &Options,
) -> Result<Url, AddressError> {
    let none = || {
        wrong(
            "endpoint",
            "it is not like https://host or http://host:port",
        )
    };
    // Certificates of AWS are for names with one dot less.
    let by_default = endpoint.is_none() && !bucket.contains('.');
    let in_host = options.virtual_hosted.unwrap_or(by_default);
    let mut url: Url = match endpoint {
        Some(endpoint) => endpoint.parse().map_err(|_| none())?,
        None => format!("https://s3.{region}.amazonaws.com")
            .parse()
            .map_err(|_| none())?,
    };
    let host = url.host_str().ok_or_else(none)?.to_owned();
    let is_bare = url.query().is_none() && url.fragment().is_none();
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_bare || !is_anonymous {
        return Err(none());
    }
    if in_host {
        url.set_host(Some(&format!("{bucket}.{host}")))
            .map_err(|_| wrong("virtual_hosted", "the endpoint's host has no subdomains"))?;
    } else {
        let path = format!("{}/{bucket}", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    // Requests are written by another layer, which knows fewer hosts and panics with the others.
    match url.as_str().parse::<http::Uri>() {
        Ok(_) => Ok(url),
        Err(_) => Err(none()),
    }
}

/// Whether it is this machine, where no proxy leads to.
pub(super) fn is_near(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = host
        .parse()
        .is_ok_and(|it: std::net::IpAddr| it.is_loopback());
    is_loopback || host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(bucket: &str, endpoint: Option<&str>, in_host: Option<bool>) -> String {
        let options = Options {
            virtual_hosted: in_host,
            ..Options::default()
        };
        bucket_url(bucket, endpoint, "eu-north-1", &options)
            .map_or_else(|it| it.to_string(), |it| it.to_string())
    }

    #[test]
    fn the_bucket_is_in_the_host_or_in_the_path() {
        let minio = Some("http://minio:9000");
        for (bucket, endpoint, in_host, expected) in [
            (
                "abc",
                None,
                None,
                "https://abc.s3.eu-north-1.amazonaws.com/",
            ),
            ("a.b", None, None, "https://s3.eu-north-1.amazonaws.com/a.b"),
            (
                "abc",
                None,
                Some(false),
                "https://s3.eu-north-1.amazonaws.com/abc",
            ),
            ("abc", minio, None, "http://minio:9000/abc"),
            ("abc", minio, Some(true), "http://abc.minio:9000/"),
            ("abc", Some("https://h/s3/"), None, "https://h/s3/abc"),
            ("abc", Some("http://[::1]:9"), None, "http://[::1]:9/abc"),
        ] {
            assert_eq!(url(bucket, endpoint, in_host), expected);
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for endpoint in [
            "",
            "minio:9000",
            "ftp://minio",
            "http://",
            "https://user:secret@minio",
            "https://minio/?x=1",
            "https://minio/#x",
            // What somebody has not filled in.
            "https://{account}.r2.cloudflarestorage.com",
            "https://${HOST}",
            "https://minio`",
        ] {
            let error = url("abc", Some(endpoint), None);
            assert!(error.starts_with("endpoint: "), "{endpoint}: {error}");
            assert!(!error.contains("secret"));
        }
        let error = url("abc", Some("http://10.0.0.1"), Some(true));
        assert!(error.starts_with("virtual_hosted: "), "{error}");
    }

    #[test]
    fn this_machine_is_near() {
        let near = |text: &str| is_near(&text.parse().unwrap());
        assert!(near("http://127.0.0.1:1") && near("http://[::1]:1") && near("http://localhost"));
        assert!(!near("http://10.0.0.1") && !near("https://localhost.example.com"));
    }
}
