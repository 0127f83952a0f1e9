//! What is to be known of a recording and has no place in it.

/// What happened to a recording on its way to the disk.
///
/// It is kept where every reader skips it: in the gzip header (RFC 1952, 2.3.1.1), or before the
/// content in a skippable frame of Zstandard (RFC 8878, 3.1.2). And only where there is something
/// to tell: other files are byte for byte what they would be without.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// It was cut off by a crash and recovered.
    pub(crate) recovered: bool,
    /// Events were refused because there were too many.
    pub(crate) truncated: bool,
}

impl Flags {
    const RECOVERED: u8 = 1;
    const TRUNCATED: u8 = 2;

    /// Those that [`Flags::byte`] wrote down.
    pub(super) fn from_byte(byte: u8) -> Flags {
        Flags {
            recovered: byte & Flags::RECOVERED != 0,
            truncated: byte & Flags::TRUNCATED != 0,
        }
    }

    /// What a file carries of them.
    pub(super) fn byte(self) -> u8 {
        let bit = |is, bit| if is { bit } else { 0 };
        bit(self.recovered, Flags::RECOVERED) | bit(self.truncated, Flags::TRUNCATED)
    }
}
