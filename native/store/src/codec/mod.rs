//! The bytes of a file and what they hold: compression, and what is beside the content.

mod beside;
mod compression;
mod error;
mod flags;
mod flaw;
mod format;
mod gzip;
mod pool;
mod space;
mod subject;
mod zstd;

pub use beside::Beside;
pub use compression::Compression;
pub(crate) use compression::Packing;
pub(crate) use error::Error;
pub use flags::Flags;
pub(crate) use flaw::Flaw;
pub use format::Format;
pub(crate) use pool::Pool;
pub use subject::{Subject, SubjectText};

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use libdeflater::{CompressionLvl, Compressor, Decompressor};
use parking_lot::Mutex;
use zstd_safe::{CCtx, DCtx};

/// Compressors and decompressors, reused: a compressor is some hundred kilobytes of tables.
pub(crate) struct Codec {
    deflaters: Pool<Compressor>,
    encoders: Pool<CCtx<'static>>,
    zstd_level: i32,
    gzip: Pool<Decompressor>,
    zstd: Pool<DCtx<'static>>,
}

impl Codec {
    /// Compresses as this says, and in the other way at its usual level. The level has been
    /// checked.
    pub(crate) fn new(compression: Compression) -> Self {
        let (gzip_level, zstd_level) = match compression {
            Compression::Gzip(level) => (level, 1),
            Compression::Zstd(level) => (6, level),
        };
        let level = CompressionLvl::new(gzip_level).unwrap_or_default();
        Codec {
            deflaters: Pool::new(move || Compressor::new(level)),
            encoders: Pool::new(CCtx::create),
            zstd_level,
            gzip: Pool::new(Decompressor::new),
            zstd: Pool::new(DCtx::create),
        }
    }

    /// Compresses a recording into a file that carries what is beside it, to the front of `out`,
    /// which grows as needed, and returns how many bytes there are.
    pub(crate) fn compress(
        &self,
        packing: Packing,
        content: &[u8],
        beside: &Beside,
        out: &mut Vec<u8>,
    ) -> io::Result<usize> {
        match packing {
            Packing::Gzip => {
                let pack = |compressor: &mut _| gzip::compress(compressor, content, beside, out);
                self.deflaters.with(pack)
            }
            Packing::Zstd => {
                let level = self.zstd_level;
                let pack = |context: &mut _| zstd::compress(context, level, content, beside, out);
                self.encoders.with(pack)
            }
        }
    }

    /// Decompresses a file to the front of `out`, which grows as needed and does not shrink, and
    /// returns how many bytes there are; `None` if it is not compressed. More than `max` are
    /// refused before they are allocated.
    pub(crate) fn decompress(
        &self,
        file: &[u8],
        out: &mut Vec<u8>,
        max: usize,
    ) -> Result<Option<usize>, Flaw> {
        let (len, kind) = if gzip::is_gzip(file) {
            let unpack = |context: &mut _| gzip::decompress(context, file, out, max);
            (self.gzip.with(unpack), "gzip")
        } else if zstd::is_zstd(file) {
            let unpack = |context: &mut _| zstd::decompress(context, file, out, max);
            (self.zstd.with(unpack), "zstd")
        } else {
            return Ok(None);
        };
        match len {
            Ok(len) => Ok(Some(len)),
            Err(Error::TooLarge) => Err(Flaw::TooLarge),
            Err(error) => Err(Flaw::Packed(kind, error)),
        }
    }
}

/// What is to be known of a recording beside its content, from its file.
pub(crate) fn beside_of(file: &[u8]) -> Beside {
    Beside::of(gzip::fields(file).chain(zstd::fields(file)))
}

/// A codec, with space to compress into that is used again as the store's is.
type Shared = Arc<(Codec, Pool<Vec<u8>>)>;

/// For [`pack()`].
static SHARED: Mutex<Option<HashMap<Compression, Shared>>> = Mutex::new(None);

/// Compresses content as a recording's file is: for tools and measurements.
///
/// # Errors
///
/// [`Error::Option`](crate::error::Error::Option) for a level that there is not, and
/// [`Error::Io`](crate::error::Error::Io).
pub fn compress(content: &[u8], compression: Compression) -> Result<Vec<u8>, crate::error::Error> {
    pack(content, &Beside::default(), compression)
}

/// As [`compress()`], with what is beside the content.
///
/// # Errors
///
/// Those of [`compress()`].
pub fn pack(
    content: &[u8],
    beside: &Beside,
    compression: Compression,
) -> Result<Vec<u8>, crate::error::Error> {
    compression.check()?;
    let make = || Arc::new((Codec::new(compression), Pool::new(Vec::new)));
    let shared = Arc::clone(
        SHARED
            .lock()
            .get_or_insert_default()
            .entry(compression)
            .or_insert_with(make),
    );
    let (codec, space) = &*shared;
    space.with(|out| {
        let len = codec
            .compress(compression.packing(), content, beside, out)
            .map_err(crate::error::Error::io("compress"))?;
        Ok(out.get(..len).unwrap_or_default().to_vec())
    })
}
