use libdeflater::{CompressionError, CompressionLvl, Compressor, Decompressor};

use crate::flags::Flags;
use crate::gzip;
use crate::pool::Pool;

/// Compressors and decompressors, reused: a compressor is some hundred kilobytes of tables.
pub(crate) struct Codec {
    compressors: Pool<Compressor>,
    decompressors: Pool<Decompressor>,
}

impl Codec {
    /// `level` is libdeflate's, 1 to 12.
    pub(crate) fn new(level: i32) -> Self {
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

    /// See [`gzip::decompress`].
    pub(crate) fn decompress(
        &self,
        gz: &[u8],
        out: &mut Vec<u8>,
        max: usize,
    ) -> Result<usize, gzip::Error> {
        self.decompressors
            .with(|decompressor| gzip::decompress(decompressor, gz, out, max))
    }
}
