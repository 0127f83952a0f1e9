/// What happened to a recording on its way to the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// It was cut off by a crash and recovered.
    pub recovered: bool,
    /// Events were refused because there were too many.
    pub truncated: bool,
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
