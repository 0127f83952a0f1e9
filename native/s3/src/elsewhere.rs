//! A server of others, which the environment names.

use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;

/// A bucket on a server that somebody else has started, for tests to run against.
#[derive(Clone)]
pub struct Elsewhere {
    /// Where it listens, without encryption.
    pub address: SocketAddr,
    /// What requests are signed for.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// Who may do everything there.
    pub access_key_id: String,
    /// Belongs to it.
    pub secret_access_key: String,
}

impl Elsewhere {
    /// The one that `REPLAY_REMOTE_ENDPOINT`, `_REGION`, `_BUCKET`, `_KEY` and `_SECRET` name; `None`
    /// without the first.
    ///
    /// # Errors
    ///
    /// The name of what is missing, or can't be used.
    pub fn from_env() -> Result<Option<Elsewhere>, &'static str> {
        let Ok(endpoint) = env::var("REPLAY_REMOTE_ENDPOINT") else {
            return Ok(None);
        };
        let get = |name| env::var(name).map_err(|_| name);
        let address = endpoint.strip_prefix("http://").map(str::parse);
        Ok(Some(Elsewhere {
            address: address
                .and_then(Result::ok)
                .ok_or("REPLAY_REMOTE_ENDPOINT")?,
            region: get("REPLAY_REMOTE_REGION")?,
            bucket: get("REPLAY_REMOTE_BUCKET")?,
            access_key_id: get("REPLAY_REMOTE_KEY")?,
            secret_access_key: get("REPLAY_REMOTE_SECRET")?,
        }))
    }

    /// What keys of a test begin with that is alone with them.
    pub fn prefix() -> String {
        format!("test-{:016x}", RandomState::new().hash_one(0_u8))
    }
}
