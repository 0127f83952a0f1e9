//! Many requests at once, within a bound.

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};

use crate::fault::Fault;
use crate::key::Key;

use super::cursor::{Cursor, Page};
use super::one::Mode;
use super::{Bucket, Shared};

impl Bucket {
    /// Lists each cursor to its end, up to `at_once` of them at a time. Pages of one cursor come in
    /// order, with its position in `cursors`; a fault ends that cursor alone.
    pub fn list_many(
        &self,
        cursors: impl IntoIterator<Item = Cursor>,
        at_once: usize,
        mut each: impl FnMut(usize, Result<Page, Fault>),
    ) {
        let pages = stream::iter(cursors.into_iter().enumerate())
            .map(|(at, cursor)| Box::pin(self.0.pages(cursor).map(move |page| (at, page))))
            .flatten_unordered(at_once.max(1));
        self.0.threads.wait(pages.for_each(|(at, page)| {
            each(at, page);
            std::future::ready(())
        }));
    }

    /// Reads objects, each with its own limit of bytes, up to `at_once` at a time. The next one is
    /// taken from `wanted` when there is room for it.
    pub fn get_many(
        &self,
        wanted: impl IntoIterator<Item = (Key, u64)>,
        at_once: usize,
        each: impl FnMut(Key, Result<Bytes, Fault>),
    ) {
        let get = async |(key, max_bytes): (Key, u64)| {
            let object = self.0.unless_stopped(self.0.requests.read(&key, max_bytes));
            let bytes = object.await.map(|it| it.bytes);
            (key, bytes)
        };
        self.all(wanted.into_iter().map(get), at_once, each);
    }

    /// Writes objects, up to `at_once` at a time. The next one is taken from `objects`, and so read
    /// from wherever it is, when there is room for it.
    pub fn put_many(
        &self,
        objects: impl IntoIterator<Item = (Key, Bytes)>,
        at_once: usize,
        each: impl FnMut(Key, Result<(), Fault>),
    ) {
        let put = async |(key, bytes): (Key, Bytes)| {
            let done = self.0.requests.put(&key, bytes, Mode::Any);
            let done = self.0.unless_stopped(done).await;
            (key, done)
        };
        self.all(objects.into_iter().map(put), at_once, each);
    }

    /// Removes objects, up to `at_once` at a time.
    pub fn delete_many(
        &self,
        keys: impl IntoIterator<Item = Key>,
        at_once: usize,
        each: impl FnMut(Key, Result<(), Fault>),
    ) {
        let delete = async |key: Key| {
            let text = key.to_string();
            let done = self.0.unless_stopped(self.0.requests.delete(&text)).await;
            (key, done)
        };
        self.all(keys.into_iter().map(delete), at_once, each);
    }

    fn all<T>(
        &self,
        requests: impl Iterator<Item = impl Future<Output = (Key, Result<T, Fault>)>>,
        at_once: usize,
        mut each: impl FnMut(Key, Result<T, Fault>),
    ) {
        let answers = stream::iter(requests).buffer_unordered(at_once.max(1));
        self.0.threads.wait(answers.for_each(|(key, answer)| {
            each(key, answer);
            std::future::ready(())
        }));
    }
}

impl Shared {
    /// All pages from a cursor on, up to the first fault.
    fn pages(&self, cursor: Cursor) -> impl Stream<Item = Result<Page, Fault>> {
        stream::unfold(Some(cursor), async |cursor| {
            let page = self.unless_stopped(self.requests.list(&cursor?)).await;
            let next = page.as_ref().ok().and_then(|it| it.next.clone());
            Some((page, next))
        })
    }
}
