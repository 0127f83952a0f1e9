//! Yes or no for each of many numbers.

pub struct Bits(Vec<u64>);

impl Bits {
    /// All no.
    pub fn new(count: usize) -> Self {
        Bits(vec![0; count.div_ceil(64)])
    }

    pub fn has(&self, index: usize) -> bool {
        self.0[index / 64] >> (index % 64) & 1 == 1
    }

    /// Sets it; whether it was not set before.
    pub fn set(&mut self, index: usize) -> bool {
        let mask = 1 << (index % 64);
        let word = &mut self.0[index / 64];
        let is_new = *word & mask == 0;
        *word |= mask;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_set_one_by_one() {
        let mut bits = Bits::new(130);
        assert!(bits.set(129) && bits.set(64) && !bits.set(64));
        let set: Vec<usize> = (0..130).filter(|index| bits.has(*index)).collect();
        assert_eq!(set, [64, 129]);
    }
}
