//! The options of a store, as `PhoenixReplay.Native.Options` writes them.

use replay_etf::Limits;
use replay_store::Retention;
use rustler::{Atom, Binary, Decoder, NifMap, NifResult, NifTaggedEnum, Term};

use crate::store::{format_of, path_of};

/// The fields of Elixir's struct that concern the engine, under their names there.
#[derive(NifMap)]
struct Fields<'a> {
    native_path: Option<Binary<'a>>,
    format: Atom,
    compression: Compression,
    max_recording_bytes: usize,
    max_recordings: Option<usize>,
    max_age_ms: Option<u64>,
    max_bytes: Option<u64>,
}

/// `{:gzip, level}` or `{:zstd, level}`.
#[derive(NifTaggedEnum)]
pub enum Compression {
    Gzip(i32),
    Zstd(i32),
}

/// How a store works; what Elixir says nothing of is as the engine has it.
pub struct Options(pub replay_store::Options);

impl<'a> Decoder<'a> for Options {
    fn decode(term: Term<'a>) -> NifResult<Self> {
        let fields: Fields<'_> = term.decode()?;
        Ok(Options(replay_store::Options {
            native_path: fields.native_path.map(|path| path_of(&path).to_owned()),
            format: format_of(fields.format)?,
            compression: fields.compression.into(),
            limits: Limits::of_bytes(fields.max_recording_bytes),
            retention: Retention {
                max_recordings: fields.max_recordings,
                max_age_ms: fields.max_age_ms,
                max_bytes: fields.max_bytes,
            },
            ..replay_store::Options::default()
        }))
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
