//! The options of a directory, as `PhoenixReplay.Native.Options` writes them.

use std::time::Duration;

use replay_etf::Limits;
use replay_store::{Format, Retention};
use rustler::{Atom, Binary, Decoder, NifMap, NifResult, NifTaggedEnum, NifUnitEnum, Term};

use crate::remote::{self, Wanted};
use crate::terms::path_of;

mod atoms {
    rustler::atoms! {
        compression, durability, etf, idle_timeout_ms, json, max_age_ms, max_bytes, max_recording_bytes, max_recordings,
    }
}

/// The fields of Elixir's struct that concern the engine, under their names there.
#[derive(NifMap)]
#[rustler(decode)]
struct Fields<'a> {
    native_path: Option<Binary<'a>>,
    format: Atom,
    compression: Compression,
    durability: Durability,
    max_recording_bytes: usize,
    max_recordings: Option<usize>,
    max_age_ms: Option<u64>,
    max_bytes: Option<u64>,
    idle_timeout_ms: Option<u64>,
    remote: Option<Wanted>,
}

/// `{:gzip, level}` or `{:zstd, level}`.
#[derive(NifTaggedEnum)]
pub enum Compression {
    Gzip(i32),
    Zstd(i32),
}

/// `:synced` or `:relaxed`.
#[derive(NifUnitEnum)]
pub enum Durability {
    Synced,
    Relaxed,
}

/// How a directory works; what Elixir says nothing of is as the engine has it.
#[derive(Clone)]
pub struct Options {
    pub store: replay_store::Options,
    /// After so long without use it is closed.
    pub idle_timeout: Option<Duration>,
    /// The bucket behind it.
    pub remote: Option<Box<Wanted>>,
}

impl Options {
    /// The names of those that `others` have and a directory with these does not follow. The
    /// format is one of each call.
    pub fn differing(&self, others: &Options) -> Vec<Atom> {
        let (own, other) = (&self.store, &others.store);
        let (kept, asked) = (&own.retention, &other.retention);
        let differ = [
            (atoms::compression(), own.compression != other.compression),
            (atoms::durability(), own.durability != other.durability),
            (
                atoms::max_recording_bytes(),
                own.limits.max_bytes != other.limits.max_bytes,
            ),
            (
                atoms::max_recordings(),
                kept.max_recordings != asked.max_recordings,
            ),
            (atoms::max_age_ms(), kept.max_age_ms != asked.max_age_ms),
            (atoms::max_bytes(), kept.max_bytes != asked.max_bytes),
            (
                atoms::idle_timeout_ms(),
                self.idle_timeout != others.idle_timeout,
            ),
        ];
        let differing = differ.into_iter().filter(|(_, differs)| *differs);
        let remote = remote::differing(self.remote.as_deref(), others.remote.as_deref());
        differing.map(|(name, _)| name).chain(remote).collect()
    }
}

impl<'a> Decoder<'a> for Options {
    fn decode(term: Term<'a>) -> NifResult<Self> {
        let fields: Fields<'_> = term.decode()?;
        let store = replay_store::Options {
            native_path: fields.native_path.map(|path| path_of(&path).to_owned()),
            format: format_of(fields.format)?,
            compression: fields.compression.into(),
            durability: fields.durability.into(),
            limits: Limits::of_bytes(fields.max_recording_bytes),
            retention: Retention {
                max_recordings: fields.max_recordings,
                max_age_ms: fields.max_age_ms,
                max_bytes: fields.max_bytes,
            },
            ..replay_store::Options::default()
        };
        Ok(Options {
            store,
            idle_timeout: fields.idle_timeout_ms.map(Duration::from_millis),
            remote: fields.remote.map(Box::new),
        })
    }
}

impl From<Compression> for replay_store::Compression {
    fn from(compression: Compression) -> Self {
        match compression {
            Compression::Gzip(level) => Self::Gzip(level),
            Compression::Zstd(level) => Self::Zstd(level),
        }
    }
}

impl From<Durability> for replay_store::Durability {
    fn from(durability: Durability) -> Self {
        match durability {
            Durability::Synced => Self::Synced,
            Durability::Relaxed => Self::Relaxed,
        }
    }
}

impl From<replay_store::Durability> for Durability {
    fn from(durability: replay_store::Durability) -> Self {
        match durability {
            replay_store::Durability::Synced => Self::Synced,
            replay_store::Durability::Relaxed => Self::Relaxed,
        }
    }
}

/// `:etf` or `:json`.
pub fn format_name(format: Format) -> Atom {
    match format {
        Format::Etf => atoms::etf(),
        Format::Json => atoms::json(),
    }
}

/// The other way round.
pub fn format_of(format: Atom) -> NifResult<Format> {
    if format == atoms::etf() {
        Ok(Format::Etf)
    } else if format == atoms::json() {
        Ok(Format::Json)
    } else {
        Err(rustler::Error::BadArg)
    }
}
