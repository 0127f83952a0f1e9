//! A checksum that takes no time to compile.

pub(crate) fn crc32c_append(crc: u32, bytes: &[u8]) -> u32 {
    let mix = |sum: u32, byte: &u8| (sum ^ u32::from(*byte)).wrapping_mul(16_777_619);
    bytes.iter().fold(crc ^ 2_166_136_261, mix)
}
