//! Integers of any size, between digits and bytes.
//!
//! Both directions take time quadratic in the size, so a recording has only so much of it to spend.

/// The largest magnitude that is written as digits, in 23 ms.
const MAX_WRITTEN_BYTES: usize = 16 << 10;
/// The most digits of an integer that runtimes read: that of 2^22 bits.
pub(super) const MAX_DIGITS: usize = 1_262_612;

/// How much more time may go into the large integers of one recording, in steps that take 0.4 ns in
/// reading and 2.8 ns in writing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort(u64);

impl Effort {
    /// Enough for the largest integer that a runtime reads, which takes 0.9 s, or a hundred of
    /// 100 000 digits: 1.3 s at most.
    pub(super) fn to_read() -> Self {
        Effort(3 << 30)
    }

    /// Enough for 32 of the largest that are written: 0.75 s at most.
    pub(super) fn to_write() -> Self {
        Effort(1 << 28)
    }

    /// Whether there is time to read so many digits, which is taken from what is left.
    pub(super) fn allows_reading(&mut self, digits: usize) -> bool {
        // Up to here a digit takes a nanosecond, whatever the length; with 19 digits it takes more.
        digits <= 1000 || self.spend(digits / 19, digits / 19)
    }

    /// Whether there is time to write a magnitude of so many bytes.
    pub(super) fn allows_writing(&mut self, bytes: usize) -> bool {
        // Up to here a byte takes 14 to 17 ns, whatever the length.
        bytes <= 128 || (bytes <= MAX_WRITTEN_BYTES && self.spend(bytes / 4, bytes / 4))
    }

    /// Each pair of parts takes a step, about half of them before all parts are there.
    fn spend(&mut self, parts: usize, by: usize) -> bool {
        let steps = (parts as u64).saturating_mul(by as u64) / 2;
        match self.0.checked_sub(steps) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => false,
        }
    }
}

/// Decimal digits are handled nine at a time: the most that fit 32 bits.
const CHUNK_DIGITS: usize = 9;
const CHUNK: u64 = 1_000_000_000;

/// The decimal digits of a magnitude given least significant byte first.
pub(super) fn to_digits(magnitude: &[u8]) -> String {
    let mut limbs: Vec<u32> = magnitude
        .chunks(4)
        .map(|bytes| {
            bytes
                .iter()
                .rev()
                .fold(0, |limb, &byte| limb << 8 | u32::from(byte))
        })
        .collect();
    let mut chunks = Vec::new();
    while !limbs.is_empty() {
        let mut remainder = 0;
        for limb in limbs.iter_mut().rev() {
            let value = remainder << 32 | u64::from(*limb);
            *limb = (value / CHUNK) as u32;
            remainder = value % CHUNK;
        }
        chunks.push(remainder);
        while limbs.pop_if(|limb| *limb == 0).is_some() {}
    }
    let mut digits = chunks.pop().unwrap_or(0).to_string();
    for chunk in chunks.iter().rev() {
        digits.push_str(&format!("{chunk:0CHUNK_DIGITS$}"));
    }
    digits
}

/// The same in the other direction, where 19 fit 64 bits.
const READ_DIGITS: usize = 19;
const READ: u128 = 10_u128.pow(READ_DIGITS as u32);

/// The magnitude of a number given by its decimal digits, least significant byte first and
/// without leading zeros.
pub(crate) fn to_magnitude(digits: &str) -> Vec<u8> {
    let mut limbs: Vec<u64> = Vec::new();
    for chunk in digits.as_bytes().rchunks(READ_DIGITS).rev() {
        let mut carry = chunk
            .iter()
            .fold(0, |sum, digit| sum * 10 + u64::from(digit & 15));
        for limb in &mut limbs {
            let value = u128::from(*limb) * READ + u128::from(carry);
            *limb = value as u64;
            carry = (value >> 64) as u64;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut magnitude: Vec<u8> = limbs.into_iter().flat_map(u64::to_le_bytes).collect();
    while magnitude.pop_if(|byte| *byte == 0).is_some() {}
    magnitude
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_bytes_are_the_same_number() {
        for length in [1, 17, 18, 19, 20, 37, 38, 39, 500, 1001] {
            for digit in ["1", "9", "18", "907"] {
                let digits: String = digit.chars().cycle().take(length).collect();
                assert_eq!(to_digits(&to_magnitude(&digits)), digits);
            }
        }
        assert_eq!(
            to_magnitude("18446744073709551616"),
            [0, 0, 0, 0, 0, 0, 0, 0, 1]
        );
        assert_eq!(to_magnitude("0000"), []);
    }

    #[test]
    fn a_recording_has_time_for_some_large_integers_and_any_number_of_small_ones() {
        let mut effort = Effort::to_write();
        let written = (0..1000).filter(|_| effort.allows_writing(MAX_WRITTEN_BYTES));
        assert_eq!(written.count(), 32);
        assert!((0..1000).all(|_| effort.allows_writing(128)));
        assert!(!Effort::to_write().allows_writing(MAX_WRITTEN_BYTES + 1));
        let mut effort = Effort::to_read();
        assert!(effort.allows_reading(MAX_DIGITS));
        assert!(!effort.allows_reading(MAX_DIGITS));
        assert!((0..1000).all(|_| effort.allows_reading(1000)));
    }
}
