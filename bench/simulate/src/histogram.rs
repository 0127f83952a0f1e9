//! Durations, counted to within three percent.

/// So many buckets for each power of two.
const STEPS: u32 = 32;

#[derive(Debug, Clone, Default)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
}

impl Histogram {
    pub fn add(&mut self, value: u64) {
        let bucket = bucket(value);
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += 1;
        self.count += 1;
    }

    pub fn merge(&mut self, other: &Histogram) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// What the given share of the values does not exceed; 0 without values.
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = (share * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return highest(bucket);
            }
        }
        0
    }
}

fn bucket(value: u64) -> usize {
    let steps = u64::from(STEPS);
    if value < steps {
        return value as usize;
    }
    let shift = 63 - value.leading_zeros() - STEPS.trailing_zeros();
    (u64::from(shift) * steps + (value >> shift)) as usize
}

fn highest(bucket: usize) -> u64 {
    let steps = STEPS as usize;
    if bucket < 2 * steps {
        return bucket as u64;
    }
    let shift = bucket / steps - 1;
    let first = (bucket % steps + steps) as u64;
    ((first + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_what_is_near() {
        for value in [0, 1, 31, 32, 33, 63, 64, 65, 1000, 123_456, 1 << 40] {
            let high = highest(bucket(value));
            assert!(
                high >= value && high <= value + value / 31,
                "{value} in {high}"
            );
            assert!(bucket(high) == bucket(value) && bucket(high + 1) != bucket(value));
        }
    }

    #[test]
    fn quantiles_are_of_all_that_was_added() {
        let (mut low, mut high) = (Histogram::default(), Histogram::default());
        (1..=50).for_each(|value| low.add(value));
        (51..=100).for_each(|value| high.add(value));
        low.merge(&high);
        assert_eq!(low.count(), 100);
        assert!((50..=51).contains(&low.quantile(0.5)));
        assert!((99..=101).contains(&low.quantile(0.99)));
        assert_eq!(Histogram::default().quantile(0.5), 0);
    }
}
