//! Objects in a folder: a bucket is a directory in it, a key's slashes are directories in that.

mod name;
mod walk;

use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use parking_lot::Mutex;
use s3s::dto::*;
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};

use name::escaped;
use walk::Walk;

/// What a server does not do that others do.
#[derive(Debug, Clone, Copy)]
pub struct Quirks {
    /// `If-None-Match` and `If-Match` of a PUT.
    pub conditions: Conditions,
    /// Whether a page that is not the last one has a token.
    pub tokens: bool,
    /// Objects and folders in a page.
    pub page: usize,
}

/// What becomes of conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conditions {
    /// They are kept.
    Kept,
    /// The request is refused as one that is not known.
    Refused,
    /// The object is written as if there were none.
    Ignored,
}

impl Default for Quirks {
    fn default() -> Quirks {
        Quirks {
            conditions: Conditions::Kept,
            tokens: true,
            page: 1000,
        }
    }
}

pub(crate) struct Shelf {
    folder: PathBuf,
    quirks: Quirks,
    /// Held from the look at what is there until it is replaced.
    writing: Mutex<()>,
    written: AtomicU64,
    walk: Walk,
}

struct File {
    bytes: Vec<u8>,
    modified: SystemTime,
}

impl File {
    fn e_tag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        hasher.write(&self.bytes);
        format!("\"{:016x}-{}\"", hasher.finish(), self.bytes.len())
    }
}

impl Shelf {
    pub fn new(folder: &Path, buckets: &[String], quirks: Quirks) -> io::Result<Shelf> {
        for bucket in buckets {
            fs::create_dir_all(folder.join(bucket))?;
        }
        Ok(Shelf {
            folder: folder.to_owned(),
            quirks,
            writing: Mutex::new(()),
            written: AtomicU64::new(0),
            walk: Walk::default(),
        })
    }

    fn bucket(&self, name: &str) -> S3Result<PathBuf> {
        let path = self.folder.join(name);
        match !name.starts_with('.') && path.is_dir() {
            true => Ok(path),
            false => Err(s3_error!(NoSuchBucket)),
        }
    }

    fn object(&self, bucket: &str, key: &str) -> S3Result<PathBuf> {
        let mut path = self.bucket(bucket)?;
        for segment in key.split('/') {
            let name = escaped(segment);
            if name.len() > 255 {
                return Err(s3_error!(KeyTooLongError));
            }
            path.push(name);
        }
        Ok(path)
    }

    fn read(&self, bucket: &str, key: &str) -> S3Result<File> {
        let path = self.object(bucket, key)?;
        let read = || {
            io::Result::Ok(File {
                bytes: fs::read(&path)?,
                modified: fs::metadata(&path)?.modified()?,
            })
        };
        read().map_err(|_| s3_error!(NoSuchKey))
    }

    fn write(&self, input: &PutObjectInput, bytes: &[u8]) -> S3Result<File> {
        let path = self.object(&input.bucket, &input.key)?;
        let has_condition = input.if_match.is_some() || input.if_none_match.is_some();
        if has_condition && self.quirks.conditions == Conditions::Refused {
            return Err(s3_error!(NotImplemented));
        }
        let _writing = self.writing.lock();
        if self.quirks.conditions == Conditions::Kept {
            let there = self.read(&input.bucket, &input.key).ok();
            if let Some(wanted) = &input.if_match {
                let there = there.as_ref().ok_or_else(|| s3_error!(NoSuchKey))?;
                if there.e_tag() != *wanted {
                    return Err(s3_error!(PreconditionFailed));
                }
            }
            if input.if_none_match.is_some() && there.is_some() {
                return Err(s3_error!(PreconditionFailed));
            }
        }
        let temp = format!(".temp-{}", self.written.fetch_add(1, Relaxed));
        let temp = self.folder.join(temp);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(&temp, bytes)?;
            fs::rename(&temp, &path)
        };
        write().map_err(|error| s3_error!(error, InternalError))?;
        self.read(&input.bucket, &input.key)
    }

    fn remove(&self, bucket: &str, key: &str) -> S3Result<()> {
        let path = self.object(bucket, key)?;
        let _writing = self.writing.lock();
        // That there is none is no error.
        let _ = fs::remove_file(&path);
        // A folder is there as long as something is in it.
        let root = self.bucket(bucket)?;
        for folder in path.ancestors().skip(1).take_while(|it| *it != root) {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn list(&self, input: &ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let after = input
            .continuation_token
            .as_deref()
            .or(input.start_after.as_deref())
            .unwrap_or_default();
        let asked = input.max_keys.and_then(|it| usize::try_from(it).ok());
        let room = asked.unwrap_or(self.quirks.page).min(self.quirks.page);
        let mut objects = Vec::new();
        let mut folders: Vec<String> = Vec::new();
        let mut last = String::new();
        let mut each = |key: String, path: &Path| {
            let rest = key.get(prefix.len()..).unwrap_or_default();
            let delimiter = input.delimiter.as_deref();
            let end = delimiter.and_then(|it| Some(rest.find(it)? + it.len()));
            let folder = end.and_then(|end| Some(format!("{prefix}{}", rest.get(..end)?)));
            if folder.is_some() && folder.as_ref() == folders.last() {
                return ControlFlow::Continue(());
            }
            if objects.len() + folders.len() == room {
                return ControlFlow::Break(());
            }
            if let Some(folder) = folder {
                last = format!("{folder}\u{10ffff}");
                folders.push(folder);
            // Else it was removed meanwhile.
            } else if let Ok(metadata) = fs::metadata(path) {
                last.clone_from(&key);
                objects.push(Object {
                    key: Some(key),
                    size: i64::try_from(metadata.len()).ok(),
                    last_modified: metadata.modified().ok().map(Timestamp::from),
                    ..Object::default()
                });
            }
            ControlFlow::Continue(())
        };
        let root = self.bucket(&input.bucket)?;
        let is_truncated = self.walk.visit(&root, prefix, after, &mut each).is_break();
        let prefixes = folders
            .into_iter()
            .map(|it| CommonPrefix { prefix: Some(it) });
        Ok(ListObjectsV2Output {
            key_count: i32::try_from(objects.len()).ok(),
            contents: Some(objects),
            common_prefixes: Some(prefixes.collect()),
            is_truncated: Some(is_truncated),
            next_continuation_token: (is_truncated && self.quirks.tokens).then_some(last),
            name: Some(input.bucket.clone()),
            prefix: input.prefix.clone(),
            delimiter: input.delimiter.clone(),
            max_keys: input.max_keys,
            ..ListObjectsV2Output::default()
        })
    }
}

#[async_trait::async_trait]
impl S3 for Shelf {
    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let mut input = request.input;
        let mut bytes = Vec::new();
        if let Some(mut body) = input.body.take() {
            while let Some(part) = body
                .try_next()
                .await
                .map_err(|_| s3_error!(IncompleteBody))?
            {
                bytes.extend_from_slice(&part);
            }
        }
        if input
            .content_length
            .is_some_and(|it| it != bytes.len() as i64)
        {
            return Err(s3_error!(IncompleteBody));
        }
        let file = self.write(&input, &bytes)?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(file.e_tag()),
            ..PutObjectOutput::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let file = self.read(&request.input.bucket, &request.input.key)?;
        Ok(S3Response::new(GetObjectOutput {
            e_tag: Some(file.e_tag()),
            content_length: i64::try_from(file.bytes.len()).ok(),
            last_modified: Some(file.modified.into()),
            body: Some(Body::from(Bytes::from(file.bytes)).into()),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let file = self.read(&request.input.bucket, &request.input.key)?;
        Ok(S3Response::new(HeadObjectOutput {
            e_tag: Some(file.e_tag()),
            content_length: i64::try_from(file.bytes.len()).ok(),
            last_modified: Some(file.modified.into()),
            ..HeadObjectOutput::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.remove(&request.input.bucket, &request.input.key)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.list(&request.input).map(S3Response::new)
    }
}
