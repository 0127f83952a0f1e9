use std::io;

use libdeflater::{CompressionError, CompressionLvl, Compressor, Decompressor};
use once_cell::sync::OnceCell;

use crate::Compression;
use crate::flags::Flags;
use crate::gzip as gz_format;
use crate::pool::Pool;

/// Compressors and decompressors, reused: a compressor is some hundred kilobytes of tables.
pub(crate) struct Codec {
    compressors: Pool<Compressor>,
    decompressors: Pool<Decompressor>,
}

/// One for each level, for [`gzip()`], with space to compress into that is used again as the
/// store's is.
static SHARED: [OnceCell<(Codec, Pool<Vec<u8>>)>; 13] = [const { OnceCell::new() }; 13];

/// Compresses content as a recording's file is: for tools and measurements. `level` is
/// libdeflate's, 1 to 12.
///
/// # Errors
///
/// [`io::ErrorKind::InvalidInput`] for another level.
pub fn gzip(content: &[u8], level: i32) -> io::Result<Vec<u8>> {
    let (codec, space) = usize::try_from(level)
        .ok()
        .filter(|&level| level > 0)
        .and_then(|level| SHARED.get(level))
        .ok_or(io::ErrorKind::InvalidInput)?
        .get_or_init(|| (Codec::new(Compression::Gzip(level)), Pool::new(Vec::new)));
    space.with(|gz| {
        let len = codec
            .compress(content, Flags::default(), gz)
            .map_err(io::Error::other)?;
        Ok(gz.get(..len).unwrap_or_default().to_vec())
    })
}

impl Codec {
    /// The level has been checked.
    pub(crate) fn new(compression: Compression) -> Self {
        let Compression::Gzip(level) = compression;
        let level = CompressionLvl::new(level).unwrap_or_default();
        Codec {
            compressors: Pool::new(move || Compressor::new(level)),
            decompressors: Pool::new(Decompressor::new),
        }
    }

    /// See [`Flags::compress`].
    pub(crate) fn compress(
        &self,
        content: &[u8],
        flags: Flags,
        gz: &mut Vec<u8>,
    ) -> Result<usize, CompressionError> {
        self.compressors
            .with(|compressor| flags.compress(compressor, content, gz))
    }

    /// See [`gz_format::decompress`].
    pub(crate) fn decompress(
        &self,
        gz: &[u8],
        out: &mut Vec<u8>,
        max: usize,
    ) -> Result<usize, gz_format::Error> {
        self.decompressors
            .with(|decompressor| gz_format::decompress(decompressor, gz, out, max))
    }
}
