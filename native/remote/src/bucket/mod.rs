//! The object store, as the native threads above see it.

mod cursor;
mod many;
mod one;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::address::{Address, AddressError, Options};
use crate::connect::connect;
use crate::fault::Fault;
use crate::key::{Day, Key};
use crate::requests::{Counts, Requests};
use crate::threads::Threads;

pub use cursor::{Cursor, Listed, Page};
pub use one::{ETag, Meta, Object};

use one::Mode;

/// A bucket. Clones are the same one. Every call waits for its answer, and none may be made from
/// within an asynchronous runtime.
///
/// No request is tried again. Each may take as long as it makes progress at least every
/// [`Options::request_timeout`].
#[derive(Clone)]
pub struct Bucket(Arc<Shared>);

struct Shared {
    requests: one::Requests,
    counts: Arc<Counts>,
    stopped: tokio::sync::watch::Sender<bool>,
    threads: Arc<Threads>,
}

impl Bucket {
    /// Makes ready to speak to a bucket; nothing is asked yet.
    ///
    /// # Errors
    ///
    /// [`AddressError`], for what can't be right whatever the server says.
    pub fn open(address: &Address, options: &Options) -> Result<Bucket, AddressError> {
        let threads = Threads::shared().map_err(AddressError::Threads)?;
        let counts = Arc::new(Counts::default());
        let store = connect(address, options, counts.clone())?;
        Ok(Bucket(Arc::new(Shared {
            requests: one::Requests::new(store, address.prefix()),
            counts,
            stopped: tokio::sync::watch::Sender::new(false),
            threads,
        })))
    }

    /// Has all requests end, those that run and those to come, with
    /// [`FaultKind::Stopped`](crate::FaultKind::Stopped).
    pub fn stop(&self) {
        self.0.stopped.send_replace(true);
    }

    /// What was asked so far.
    pub fn requests(&self) -> Requests {
        self.0.counts.so_far()
    }

    /// Writes an object, or replaces it.
    ///
    /// # Errors
    ///
    /// A [`Fault`]; one that is retryable may come after the object was written all the same.
    pub fn put(&self, key: &Key, bytes: Bytes) -> Result<(), Fault> {
        self.wait(self.0.requests.put(key, bytes, Mode::Any))
    }

    /// Writes an object unless there is one ([`FaultKind::Exists`](crate::FaultKind::Exists)). On a
    /// server that says that it does not know `If-None-Match` it looks first, which two can do at
    /// once. One that does not even say so replaces what there is.
    ///
    /// # Errors
    ///
    /// As [`Bucket::put`].
    pub fn put_new(&self, key: &Key, bytes: Bytes) -> Result<(), Fault> {
        self.wait(self.0.requests.put_if(key, bytes, Mode::New))
    }

    /// Replaces this version of an object ([`FaultKind::Exists`](crate::FaultKind::Exists) if it is
    /// another by now, or none). On a server that does not know `If-Match`, as for
    /// [`Bucket::put_new`].
    ///
    /// # Errors
    ///
    /// As [`Bucket::put`].
    pub fn put_over(&self, key: &Key, version: &ETag, bytes: Bytes) -> Result<(), Fault> {
        self.wait(self.0.requests.put_if(key, bytes, Mode::Over(version)))
    }

    /// An object's content, of at most `max_bytes`; more is
    /// [`FaultKind::TooLarge`](crate::FaultKind::TooLarge) and not read.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn get(&self, key: &Key, max_bytes: u64) -> Result<Bytes, Fault> {
        self.read(key, max_bytes).map(|it| it.bytes)
    }

    /// As [`Bucket::get`], with what else is known.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn read(&self, key: &Key, max_bytes: u64) -> Result<Object, Fault> {
        self.wait(self.0.requests.read(key, max_bytes))
    }

    /// What is known of an object without reading it.
    ///
    /// # Errors
    ///
    /// A [`Fault`]. That there is no bucket can't be told from there being no object.
    pub fn head(&self, key: &Key) -> Result<Meta, Fault> {
        self.wait(self.0.requests.head(key))
    }

    /// Removes an object; that there is none is no fault.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn delete(&self, key: &Key) -> Result<(), Fault> {
        self.wait(self.0.requests.delete(&key.to_string()))
    }

    /// As [`Bucket::delete`], for an object that a [`Page`] shows under a key that is none of ours.
    ///
    /// # Errors
    ///
    /// A [`Fault`]; [`FaultKind::Invalid`](crate::FaultKind::Invalid) if there is no way to name it.
    pub fn delete_text(&self, text: &str) -> Result<(), Fault> {
        self.wait(self.0.requests.delete(text))
    }

    /// One page of a listing: one request.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn list(&self, cursor: &Cursor) -> Result<Page, Fault> {
        self.wait(self.0.requests.list(cursor))
    }

    /// The days that have objects, earliest first: a request for the years, one for each year's
    /// months, one for each month's days.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn days(&self) -> Result<Vec<Day>, Fault> {
        self.wait(self.0.requests.days())
    }

    fn wait<T>(&self, answer: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        self.0.threads.wait(self.0.unless_stopped(answer))
    }
}

impl Shared {
    async fn unless_stopped<T>(
        &self,
        answer: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let mut stopped = self.stopped.subscribe();
        let stopped = async move {
            // The sender is in `self`.
            let _ = stopped.wait_for(|it| *it).await;
            Err(Fault::stopped())
        };
        let (stopped, answer) = (std::pin::pin!(stopped), std::pin::pin!(answer));
        // The first one is asked first: nothing is sent any more by whoever is stopped.
        futures_util::future::select(stopped, answer)
            .await
            .factor_first()
            .0
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").finish_non_exhaustive()
    }
}
