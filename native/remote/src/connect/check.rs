//! Whether options can be right.

use std::time::Duration;

use crate::address::{AddressError, Options, Sse};

/// An option has a value that can't be used.
pub(super) fn wrong(key: &'static str, reason: &'static str) -> AddressError {
    AddressError::Option { key, reason }
}

/// Refuses options that no server could take.
pub(super) fn check(options: &Options) -> Result<(), AddressError> {
    let is_plain = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_graphic());
    let not_plain = "it has printable characters of ASCII, without spaces";
    for (key, value) in [
        ("access_key_id", &options.access_key_id),
        ("secret_access_key", &options.secret_access_key),
        ("session_token", &options.session_token),
    ] {
        if value.as_ref().is_some_and(|it| !is_plain(it.reveal())) {
            return Err(wrong(key, not_plain));
        }
    }
    let pair = (&options.access_key_id, &options.secret_access_key);
    match pair {
        (Some(_), None) => return Err(wrong("secret_access_key", "access_key_id needs it")),
        (None, Some(_)) => return Err(wrong("access_key_id", "secret_access_key needs it")),
        (None, None) if options.session_token.is_some() => {
            return Err(wrong("access_key_id", "session_token needs it"));
        }
        _ => (),
    }
    if let Sse::Kms(key) = &options.sse
        && !is_plain(key)
    {
        return Err(wrong("sse", not_plain));
    }
    for (key, time) in [
        ("request_timeout", options.request_timeout),
        ("connect_timeout", options.connect_timeout),
    ] {
        if !(Duration::from_millis(1)..=Duration::from_secs(3600)).contains(&time) {
            return Err(wrong(key, "it is from 1 ms to an hour"));
        }
    }
    Ok(())
}

/// Refuses a region that is none, wherever it is from: it becomes part of a header and of a host.
pub(super) fn check_region(region: &str) -> Result<(), AddressError> {
    let is_region = |it: u8| it.is_ascii_alphanumeric() || it == b'-';
    match (1..=64).contains(&region.len()) && region.bytes().all(is_region) {
        true => Ok(()),
        false => Err(wrong(
            "region",
            "it has up to 64 letters, digits and hyphens",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_that_is_wrong_is_named() {
        let secret = |it: &str| Some(it.to_owned().into());
        let good = || Options {
            access_key_id: secret("id"),
            secret_access_key: secret("key"),
            ..Options::default()
        };
        let named = |options: Options| match check(&options) {
            Err(AddressError::Option { key, .. }) => key,
            _ => "",
        };
        assert_eq!(named(good()), "");
        let with = |change: fn(&mut Options)| {
            let mut options = good();
            change(&mut options);
            named(options)
        };
        assert_eq!(with(|it| it.access_key_id = None), "access_key_id");
        assert_eq!(with(|it| it.secret_access_key = None), "secret_access_key");
        assert_eq!(
            with(|it| it.session_token = Some("a\nb".to_owned().into())),
            "session_token"
        );
        assert_eq!(with(|it| it.sse = Sse::Kms(String::new())), "sse");
        assert_eq!(
            with(|it| it.request_timeout = Duration::ZERO),
            "request_timeout"
        );
        assert_eq!(
            with(|it| it.connect_timeout = Duration::MAX),
            "connect_timeout"
        );
    }

    #[test]
    fn a_region_has_no_way_out_of_a_host() {
        for region in ["eu-north-1", "auto", "garage"] {
            assert!(check_region(region).is_ok(), "{region}");
        }
        for region in ["", "a b", "x.evil/", "eu\n", "é", &"x".repeat(65)] {
            assert!(check_region(region).is_err(), "{region}");
        }
    }
}
