//! Integers of any size, between digits and bytes.
//!
//! Both directions take time quadratic in the size, which is why there is a cap on it.

/// The largest magnitude that is written as digits.
pub(super) const MAX_BYTES: usize = 16 << 10;
/// The most digits that many bytes can have: 8 * log10(2) digits a byte, rounded up.
pub(super) const MAX_DIGITS: usize = MAX_BYTES * 241 / 100 + 1;

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

/// The magnitude of a number given by its decimal digits, least significant byte first and
/// without leading zeros.
pub(super) fn to_magnitude(digits: &str) -> Vec<u8> {
    let mut limbs: Vec<u32> = Vec::new();
    for chunk in digits.as_bytes().rchunks(CHUNK_DIGITS).rev() {
        let mut carry = chunk
            .iter()
            .fold(0, |sum, digit| sum * 10 + u64::from(digit & 15));
        for limb in &mut limbs {
            let value = u64::from(*limb) * CHUNK + carry;
            *limb = value as u32;
            carry = value >> 32;
        }
        if carry > 0 {
            limbs.push(carry as u32);
        }
    }
    let mut magnitude: Vec<u8> = limbs.into_iter().flat_map(u32::to_le_bytes).collect();
    while magnitude.pop_if(|byte| *byte == 0).is_some() {}
    magnitude
}
