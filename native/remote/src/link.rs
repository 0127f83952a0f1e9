//! A store and a bucket, kept in step.

use std::io;
use std::time::Duration;

use replay_store::{Erased, Error, Filter, RemoteFault, Store};

use crate::bucket::Bucket;
use crate::requests::Requests;

/// How a store and a bucket are kept in step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What this node is called, such as `app@host`; at most 200 bytes.
    pub node: String,
    /// How often the bucket is asked for what is new.
    pub poll: Duration,
    /// How many bytes of files that the bucket has too are kept; `None` for no limit.
    pub local_max_bytes: Option<u64>,
    /// How often running sessions are uploaded as they are, if at all.
    pub checkpoint: Option<Duration>,
    /// How long a caller waits for the bucket.
    pub timeout: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            node: String::new(),
            poll: Duration::from_secs(2),
            local_max_bytes: None,
            checkpoint: None,
            timeout: Duration::from_secs(10),
        }
    }
}

/// How far the two are in step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Recordings that are to be uploaded.
    pub pending_uploads: usize,
    /// Deletions that are not done in the bucket.
    pub pending_deletes: usize,
    /// Recordings that the bucket has.
    pub objects: usize,
    /// Of these, those that are not here.
    pub elsewhere: usize,
    /// Whether all is known that was in the bucket when it was opened.
    pub is_complete: bool,
    /// Why the bucket could not be spoken to the last time, and for how long that has been so.
    pub away: Option<(RemoteFault, Duration)>,
    /// Whether it is for this node to delete what is beyond the limits.
    pub is_retaining: bool,
    /// Recordings uploaded since it was opened.
    pub uploaded: u64,
    /// What was asked since then.
    pub requests: Requests,
}

/// Which nodes have carried out an erasure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confirmed {
    /// The names of those that have, this one among them.
    pub nodes: Vec<String>,
    /// Those that are there and have not yet.
    pub waiting: Vec<String>,
}

/// A store and a bucket, kept in step until this is dropped, which ends what is under way and waits
/// for no upload. Dropped before the store.
pub struct Link {}

impl Link {
    /// Begins to keep them in step, in the background.
    ///
    /// # Errors
    ///
    /// A thread that can't be started.
    pub fn open(store: &Store, bucket: Bucket, settings: Settings) -> io::Result<Link> {
        let _ = (store, bucket, settings);
        Ok(Link {})
    }

    /// How far they are in step.
    pub fn status(&self) -> Status {
        Status::default()
    }

    /// Waits until all is uploaded and deleted that is to be, or `timeout` is over.
    pub fn drain(&self, timeout: Duration) -> Status {
        let _ = timeout;
        self.status()
    }

    /// Erases in the bucket, and on all nodes, what `erase` erases here, which is what matches the
    /// filter. Waits until the bucket is clean, and for other nodes, for at most `timeout`.
    ///
    /// # Errors
    ///
    /// Those of `erase`; [`Error::Remote`] if the bucket can't be spoken to: then what is here is
    /// erased, and what is there will be.
    pub fn erase(
        &self,
        filter: &Filter,
        timeout: Duration,
        erase: impl FnOnce() -> Result<Erased, Error>,
    ) -> Result<(Erased, Confirmed), Error> {
        let _ = (filter, timeout);
        Ok((erase()?, Confirmed::default()))
    }
}
