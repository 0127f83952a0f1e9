//! Single requests.

use std::fmt;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3;
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::path::Path;
use object_store::{
    GetOptions, ObjectMeta, ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, PutPayload,
    UpdateVersion,
};

use crate::fault::{Fault, FaultKind};
use crate::key::{Day, Key, MAX_KEY_BYTES};
use crate::net::{Ask, Listing};

use super::cursor::{Cursor, Page, is_place};

/// Listings of months that run at once.
const MONTHS_AT_ONCE: usize = 8;
/// Pages of folders: more are no years, months or days.
const MAX_FOLDER_PAGES: usize = 100;

/// Which version of an object it is, as the server names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(String);

/// What is known of an object without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Bytes.
    pub size: u64,
    /// When it was written, in milliseconds by the bucket's clock, which this request tells by the
    /// second.
    pub modified_ms: u64,
    /// Its version, if the server names it.
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

/// When an object is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mode<'a> {
    Any,
    New,
    Over(&'a ETag),
}

/// Requests to a bucket.
pub(super) struct Requests {
    store: AmazonS3,
    /// With a slash at its end, or empty.
    prefix: String,
}

impl Requests {
    pub fn new(store: AmazonS3, prefix: &str) -> Requests {
        let prefix = match prefix {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Requests { store, prefix }
    }

    pub async fn put(&self, key: &Key, bytes: Bytes, mode: Mode<'_>) -> Result<(), Fault> {
        let options = PutOptions {
            mode: match mode {
                Mode::Any => PutMode::Overwrite,
                Mode::New => PutMode::Create,
                Mode::Over(ETag(e_tag)) => PutMode::Update(UpdateVersion {
                    e_tag: Some(e_tag.clone()),
                    version: None,
                }),
            },
            extensions: Ask::default().into(),
            ..PutOptions::default()
        };
        let path = self.path(&key.to_string())?;
        let payload = PutPayload::from(bytes);
        match self.store.put_opts(&path, payload, options).await {
            Ok(_) => Ok(()),
            Err(error) => Err(fault(&error)),
        }
    }

    /// As `put`, also where the server says that it knows no conditions.
    pub async fn put_if(&self, key: &Key, bytes: Bytes, mode: Mode<'_>) -> Result<(), Fault> {
        let exists = || Fault::new(FaultKind::Exists, "there is another object already");
        match self.put(key, bytes.clone(), mode).await {
            Err(fault) if fault.status() == Some(501) => (),
            // It is gone, so it is not the one that was to be replaced.
            Err(fault) if fault.kind() == FaultKind::NotFound => return Err(exists()),
            other => return other,
        }
        let found = match self.head(key).await {
            Ok(meta) => Some(meta),
            Err(fault) if fault.kind() == FaultKind::NotFound => None,
            Err(fault) => return Err(fault),
        };
        let is_as_wanted = match (mode, &found) {
            (Mode::Any, _) | (Mode::New, None) => true,
            (Mode::New, Some(_)) | (Mode::Over(_), None) => false,
            (Mode::Over(version), Some(meta)) => meta.e_tag.as_ref() == Some(version),
        };
        match is_as_wanted {
            true => self.put(key, bytes, Mode::Any).await,
            false => Err(exists()),
        }
    }

    pub async fn read(&self, key: &Key, max_bytes: u64) -> Result<Object, Fault> {
        let options = GetOptions {
            extensions: Ask::Body(max_bytes).into(),
            ..GetOptions::default()
        };
        let path = self.path(&key.to_string())?;
        let answer = self.store.get_opts(&path, options).await;
        let answer = answer.map_err(|it| fault(&it))?;
        let meta = Meta::from(&answer.meta);
        let bytes = answer.bytes().await.map_err(|it| fault(&it))?;
        if bytes.len() as u64 != meta.size {
            return Err(Fault::unavailable("the answer was cut on its way"));
        }
        Ok(Object { bytes, meta })
    }

    pub async fn head(&self, key: &Key) -> Result<Meta, Fault> {
        let path = self.path(&key.to_string())?;
        let meta = self.store.head(&path).await;
        let meta = Meta::from(&meta.map_err(|it| fault(&it))?);
        match meta.modified_ms {
            // The layer between takes a time that is missing for this one.
            0 => Err(Fault::invalid("the server's answer tells no time")),
            _ => Ok(meta),
        }
    }

    pub async fn delete(&self, text: &str) -> Result<(), Fault> {
        let path = self.path(text)?;
        match self.store.delete(&path).await.map_err(|it| fault(&it)) {
            Err(fault) if fault.kind() != FaultKind::NotFound => Err(fault),
            _ => Ok(()),
        }
    }

    pub async fn list(&self, cursor: &Cursor) -> Result<Page, Fault> {
        let options = PaginatedListOptions {
            offset: cursor.after.as_ref().map(|it| self.whole(it)),
            page_token: cursor.token.clone(),
            ..PaginatedListOptions::default()
        };
        let listing = self.listing(&cursor.folder, options).await?;
        cursor.page(&self.prefix, listing)
    }

    pub async fn days(&self) -> Result<Vec<Day>, Fault> {
        let years = self.folders(String::new(), 4).await?;
        let months = self.within(years).await?;
        let days = self.within(months).await?;
        let mut days: Vec<Day> = days
            .iter()
            .filter_map(|it| Day::parse(it.trim_end_matches('/')))
            .collect();
        days.sort_unstable();
        Ok(days)
    }

    /// The folders of two digits in these folders.
    async fn within(&self, folders: Vec<String>) -> Result<Vec<String>, Fault> {
        stream::iter(folders)
            .map(|folder| self.folders(folder, 2))
            .buffer_unordered(MONTHS_AT_ONCE)
            .try_concat()
            .await
    }

    /// The folders in a folder whose names are so many digits.
    async fn folders(&self, folder: String, digits: usize) -> Result<Vec<String>, Fault> {
        let mut found = Vec::new();
        let mut token = None;
        let mut after = None;
        for _ in 0..MAX_FOLDER_PAGES {
            let options = PaginatedListOptions {
                delimiter: Some("/".into()),
                offset: after.take(),
                page_token: token.take(),
                ..PaginatedListOptions::default()
            };
            let listing = self.listing(&folder, options).await?;
            let objects = listing.objects.iter().rev();
            let last_object = objects.map(|it| it.key.clone()).find(|it| is_place(it));
            // What comes behind a folder is what comes behind all that is in it.
            let folders = listing.folders.iter().rev();
            let mut last_folder = folders.map(|it| format!("{it}\u{10ffff}"));
            let last_folder = last_folder.find(|it| is_place(it));
            for name in listing.folders {
                let Some(name) = name.strip_prefix(&self.prefix) else {
                    continue;
                };
                let last = name
                    .strip_prefix(&folder)
                    .and_then(|it| it.strip_suffix('/'));
                let is_number = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
                if last.is_some_and(|it| it.len() == digits && is_number(it)) {
                    found.push(name.to_owned());
                }
            }
            token = listing.token.filter(|it| !it.is_empty());
            after = last_object.max(last_folder);
            if !listing.is_truncated {
                return Ok(found);
            }
            if token.is_none() && after.is_none() {
                return Err(Fault::invalid("the server's listing does not go on"));
            }
        }
        Err(Fault::invalid("the server's listing has no end"))
    }

    async fn listing(
        &self,
        folder: &str,
        mut options: PaginatedListOptions,
    ) -> Result<Listing, Fault> {
        options.extensions = Ask::Listing.into();
        let prefix = self.whole(folder);
        let after = options.offset.as_deref().unwrap_or_default();
        if prefix.len().max(after.len()) > MAX_KEY_BYTES {
            return Err(Fault::invalid("no listing can begin there"));
        }
        let prefix = Some(prefix.as_str()).filter(|it| !it.is_empty());
        let answer = self.store.list_paginated(prefix, options).await;
        let mut answer = answer.map_err(|it| fault(&it))?;
        let listing = answer.result.extensions.remove::<Listing>();
        listing.ok_or_else(|| Fault::invalid("the server's answer is no listing"))
    }

    fn whole(&self, text: &str) -> String {
        format!("{}{text}", self.prefix)
    }

    fn path(&self, text: &str) -> Result<Path, Fault> {
        let whole = self.whole(text);
        if whole.len() > MAX_KEY_BYTES {
            return Err(Fault::new(FaultKind::TooLarge, "the key is too long"));
        }
        let path = Path::parse(&whole).ok();
        // One that would be another key is none, and an empty one would be the bucket itself.
        path.filter(|it| it.as_ref() == whole && !whole.is_empty())
            .ok_or_else(|| Fault::invalid("the key can't be written in a URL"))
    }
}

/// What went wrong, which is told from below, unless an answer makes no sense.
fn fault(error: &object_store::Error) -> Fault {
    Fault::behind(error).unwrap_or_else(|| Fault::invalid("the server's answer makes no sense"))
}

impl From<&ObjectMeta> for Meta {
    fn from(meta: &ObjectMeta) -> Meta {
        Meta {
            size: meta.size,
            modified_ms: meta
                .last_modified
                .timestamp_millis()
                .try_into()
                .unwrap_or(0),
            e_tag: meta.e_tag.clone().map(ETag),
        }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object")
            .field("meta", &self.meta)
            .finish_non_exhaustive()
    }
}
