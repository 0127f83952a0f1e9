//! How many sessions end when: a day with its low at midnight and its peak at noon.

use std::f64::consts::TAU;

use crate::settings::Settings;

pub const DAY_MS: f64 = 86_400_000.0;

/// The curve of a day: a cosine in the exponent, so that the peak can be any multiple of the
/// mean, and the night is never without anybody.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    steepness: f64,
    scale: f64,
    /// At noon, as a multiple of the mean.
    pub peak: f64,
}

impl Load {
    /// A day whose busiest moment has `peak` times the mean, from 1 to 6.
    pub fn with_peak(peak: f64) -> Self {
        let peak = peak.clamp(1.0, 6.0);
        let (mut low, mut high) = (0.0, 20.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            match f64::exp(middle) / mean(middle) < peak {
                true => low = middle,
                false => high = middle,
            }
        }
        Load {
            steepness: low,
            scale: 1.0 / mean(low),
            peak,
        }
    }

    /// As a multiple of the mean, `at` milliseconds after midnight.
    pub fn factor(&self, at: f64) -> f64 {
        self.scale * (-self.steepness * (TAU * at / DAY_MS).cos()).exp()
    }

    /// Of the time that is simulated, as a multiple of the day's mean.
    pub fn mean(&self, settings: &Settings) -> f64 {
        let steps = 1000;
        let at = |step| settings.from + settings.seconds * (f64::from(step) + 0.5) / 1000.0;
        (0..steps)
            .map(|step| self.factor(at(step) * 1000.0))
            .sum::<f64>()
            / f64::from(steps)
    }
}

fn mean(steepness: f64) -> f64 {
    let steps = 1000;
    let sum: f64 = (0..steps)
        .map(|step| (steepness * (TAU * f64::from(step) / f64::from(steps)).cos()).exp())
        .sum();
    sum / f64::from(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_what_was_asked_for_and_the_mean_is_one() {
        for peak in [1.0, 2.0, 2.5, 3.0, 6.0] {
            let load = Load::with_peak(peak);
            let noon = load.factor(DAY_MS / 2.0);
            assert!((noon - peak).abs() < 0.01, "{noon} for {peak}");
            let mean: f64 = (0..1440)
                .map(|m| load.factor(f64::from(m) * 60_000.0))
                .sum();
            assert!((mean / 1440.0 - 1.0).abs() < 0.001);
        }
    }
}
