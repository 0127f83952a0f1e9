//! Numbers that a seed determines, the same on every machine and with every version of every
//! package.

/// SplitMix64: small, and good enough for what is drawn here.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of one purpose of one seed: streams of different purposes share nothing.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut random = Random(seed ^ purpose.wrapping_mul(0xd134_2543_de82_ef95));
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something happens that has this probability.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// The time to the next of events that come at random, `rate` of them in a unit of time.
    pub fn wait(&mut self, rate: f64) -> f64 {
        -(1.0 - self.unit()).ln() / rate
    }

    /// A number whose logarithm is normally distributed.
    pub fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        median * (sigma * radius * (std::f64::consts::TAU * self.unit()).cos()).exp()
    }
}

/// Ranks from 0, the first ones most often: Zipf's law.
pub struct Zipf(Vec<f64>);

impl Zipf {
    pub fn new(ranks: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let sums = (1..=ranks.max(1)).map(|rank| {
            sum += (rank as f64).powf(-exponent);
            sum
        });
        Zipf(sums.collect())
    }

    pub fn draw(&self, random: &mut Random) -> usize {
        let whole = self.0.last().copied().unwrap_or(1.0);
        let wanted = random.unit() * whole;
        self.0
            .partition_point(|sum| *sum <= wanted)
            .min(self.0.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_the_numbers_and_purposes_differ() {
        let draw = |seed, purpose| {
            let mut random = Random::new(seed, purpose);
            [random.unit(), random.unit(), random.unit()]
        };
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn the_numbers_have_the_distributions_they_should() {
        let mut random = Random::new(1, 0);
        let count = 100_000;
        let mean: f64 = (0..count).map(|_| random.wait(4.0)).sum::<f64>() / count as f64;
        assert!((mean - 0.25).abs() < 0.01, "{mean}");
        let below = (0..count)
            .filter(|_| random.lognormal(80.0, 1.0) < 80.0)
            .count();
        assert!((49_000..51_000).contains(&below), "{below}");
    }

    #[test]
    fn low_ranks_are_drawn_in_proportion() {
        let (zipf, mut random) = (Zipf::new(1000, 1.0), Random::new(1, 0));
        let mut drawn = [0u32; 1000];
        for _ in 0..200_000 {
            drawn[zipf.draw(&mut random)] += 1;
        }
        let ratio = f64::from(drawn[0]) / f64::from(drawn[3]);
        assert!((3.7..4.3).contains(&ratio), "{ratio}");
        assert!(drawn[500..].iter().any(|count| *count > 0));
    }
}
