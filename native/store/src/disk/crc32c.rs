//! CRC-32C (Castagnoli), the checksum of all that the engine writes for itself.

use crc_fast::{CrcAlgorithm, Digest};

/// The checksum of bytes.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    crc32c_append(0, bytes)
}

/// The checksum of bytes that follow others, whose checksum is this.
#[inline]
pub(crate) fn crc32c_append(crc: u32, bytes: &[u8]) -> u32 {
    let mut digest = Digest::new_with_init_state(CrcAlgorithm::Crc32Iscsi, u64::from(!crc));
    digest.update(bytes);
    // It has 32 bits.
    digest.finalize() as u32
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_that_of_rfc_3720() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(b""), 0);
    }

    #[test]
    fn it_is_the_same_at_any_length_and_alignment() {
        let bytes: Vec<u8> = (0..3_000_u32).map(|it| ((it * it) >> 3) as u8).collect();
        for start in 0..17 {
            for end in start..bytes.len() {
                let part = &bytes[start..end];
                assert_eq!(crc32c(part), crc32c::crc32c(part), "{start}..{end}");
            }
        }
    }

    proptest! {
        #[test]
        fn it_goes_on_from_any_other(crc: u32, bytes in vec(any::<u8>(), 0..100_000)) {
            prop_assert_eq!(crc32c_append(crc, &bytes), crc32c::crc32c_append(crc, &bytes));
        }
    }
}
