//! The object store, as the native threads above see it.

use std::sync::Arc;

use bytes::Bytes;

use crate::address::{Address, AddressError, Options};
use crate::fault::{Fault, FaultKind};
use crate::key::{Day, Key, Time};
use crate::requests::Requests;

/// A bucket. Clones are the same one. Every call waits for its answer, and none may be made from
/// within an asynchronous runtime.
#[derive(Clone)]
pub struct Bucket(Arc<()>);

/// Which version of an object it is, as the server names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(String);

/// What is known of an object without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Bytes.
    pub size: u64,
    /// When it was written, in milliseconds by the bucket's clock, as exactly as the server tells
    /// it, which may be by the second.
    pub modified_ms: u64,
    /// Its version.
    pub e_tag: Option<ETag>,
}

/// An object.
#[derive(Clone, PartialEq, Eq)]
pub struct Object {
    /// Its content.
    pub bytes: Bytes,
    /// What else is known.
    pub meta: Meta,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key below the prefix, as the server has it.
    pub text: String,
    /// What it is; `None` if nobody of ours has written it.
    pub key: Option<Key>,
    /// Bytes.
    pub size: u64,
    /// When it was written, in milliseconds by the bucket's clock.
    pub modified_ms: u64,
}

/// One answer of a listing: up to 1 000 objects in the order of their keys' bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The objects.
    pub objects: Vec<Listed>,
    /// Where the listing goes on; `None` at its end.
    pub next: Option<Cursor>,
}

/// Where in the bucket a listing begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    folder: String,
    after: Option<String>,
}

impl Cursor {
    /// From the first object on.
    pub fn start() -> Cursor {
        Cursor {
            folder: String::new(),
            after: None,
        }
    }

    /// From the first key on that is greater than this text, which need not be one that is there.
    pub fn after(text: impl Into<String>) -> Cursor {
        Cursor {
            folder: String::new(),
            after: Some(text.into()),
        }
    }

    /// From the first key on that an upload at this time or later has.
    pub fn from(time: Time) -> Cursor {
        Cursor::after(format!("{:?}", time))
    }

    /// All objects of a day.
    pub fn day(day: Day) -> Cursor {
        Cursor::folder(&format!("{day:?}"))
    }

    /// All objects whose key begins so. A folder's name has a slash at its end.
    pub fn folder(text: &str) -> Cursor {
        Cursor {
            folder: text.to_owned(),
            after: None,
        }
    }
}

impl Bucket {
    /// Makes ready to speak to a bucket; nothing is asked yet.
    ///
    /// # Errors
    ///
    /// [`AddressError`], for what can't be right whatever the server says.
    pub fn open(address: &Address, options: &Options) -> Result<Bucket, AddressError> {
        let _ = (address, options);
        Ok(Bucket(Arc::new(())))
    }

    /// Has all requests end, those that run and those to come, with [`FaultKind::Stopped`].
    pub fn stop(&self) {}

    /// What was asked so far.
    pub fn requests(&self) -> Requests {
        Requests::default()
    }

    /// Writes an object, or replaces it.
    ///
    /// # Errors
    ///
    /// A [`Fault`]; one that is retryable may come after the object was written all the same.
    pub fn put(&self, key: &Key, bytes: Bytes) -> Result<(), Fault> {
        let _ = (key, bytes);
        self.nothing()
    }

    /// Writes an object unless there is one ([`FaultKind::Exists`]). On a server that does not know
    /// `If-None-Match` it looks first, which two can do at once.
    ///
    /// # Errors
    ///
    /// As [`Bucket::put`].
    pub fn put_new(&self, key: &Key, bytes: Bytes) -> Result<(), Fault> {
        let _ = (key, bytes);
        self.nothing()
    }

    /// Replaces this version of an object ([`FaultKind::Exists`] if it is another by now). On a
    /// server that does not know `If-Match` it replaces any.
    ///
    /// # Errors
    ///
    /// As [`Bucket::put`].
    pub fn put_over(&self, key: &Key, version: &ETag, bytes: Bytes) -> Result<(), Fault> {
        let _ = (key, version, bytes);
        self.nothing()
    }

    /// An object's content, of at most `max_bytes`; more is [`FaultKind::TooLarge`] and not read.
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
        let _ = (key, max_bytes);
        self.nothing()
    }

    /// What is known of an object without reading it.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn head(&self, key: &Key) -> Result<Meta, Fault> {
        let _ = key;
        self.nothing()
    }

    /// Removes an object; that there is none is no fault.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn delete(&self, key: &Key) -> Result<(), Fault> {
        let _ = key;
        self.nothing()
    }

    /// As [`Bucket::delete`], for an object that [`Page`] shows under a key that is none of ours.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn delete_text(&self, text: &str) -> Result<(), Fault> {
        let _ = text;
        self.nothing()
    }

    /// One page of a listing: one request.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn list(&self, cursor: &Cursor) -> Result<Page, Fault> {
        let _ = cursor;
        self.nothing()
    }

    /// The days that have objects, earliest first: a request for the years, one for each year's
    /// months, one for each month's days.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn days(&self) -> Result<Vec<Day>, Fault> {
        self.nothing()
    }

    /// Lists each cursor to its end, up to `at_once` of them at a time. Pages of one cursor come in
    /// order, with its position in `cursors`; a fault ends that cursor alone.
    pub fn list_many(
        &self,
        cursors: Vec<Cursor>,
        at_once: usize,
        each: impl FnMut(usize, Result<Page, Fault>),
    ) {
        let _ = (cursors, at_once, each);
    }

    /// Reads objects, each with its own limit of bytes, up to `at_once` at a time. The next one is
    /// taken from `wanted` when there is room for it.
    pub fn get_many(
        &self,
        wanted: impl IntoIterator<Item = (Key, u64)>,
        at_once: usize,
        each: impl FnMut(Key, Result<Bytes, Fault>),
    ) {
        let _ = (wanted.into_iter().count(), at_once, each);
    }

    /// Writes objects, up to `at_once` at a time. The next one is taken from `objects`, and so read
    /// from wherever it is, when there is room for it.
    pub fn put_many(
        &self,
        objects: impl IntoIterator<Item = (Key, Bytes)>,
        at_once: usize,
        each: impl FnMut(Key, Result<(), Fault>),
    ) {
        let _ = (objects.into_iter().count(), at_once, each);
    }

    /// Removes objects, up to `at_once` at a time.
    pub fn delete_many(
        &self,
        keys: impl IntoIterator<Item = Key>,
        at_once: usize,
        each: impl FnMut(Key, Result<(), Fault>),
    ) {
        let _ = (keys.into_iter().count(), at_once, each);
    }

    fn nothing<T>(&self) -> Result<T, Fault> {
        let _ = &self.0;
        Err(Fault::new(FaultKind::Stopped, "the bucket was stopped"))
    }
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bucket")
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Object")
            .field("meta", &self.meta)
            .finish_non_exhaustive()
    }
}
