//! What is simulated: the design's constants, what the users do, and what a bucket is like.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything that can be set. Times are in seconds unless their names say otherwise.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    pub seed: u32,
    pub nodes: u32,
    /// Recordings that end on a day, on all nodes together.
    pub per_day: f64,
    /// The busiest moment, as a multiple of the mean.
    pub peak: f64,
    /// When the simulated time begins, after midnight, and how long it is.
    pub from: f64,
    pub seconds: f64,
    pub retention_days: f64,

    // The design.
    pub poll: f64,
    /// How far a poll goes back behind the last key it has seen.
    pub overlap: f64,
    /// If not 0: only one poll in so many goes back that far, the others by `short_overlap`.
    pub deep_every: u32,
    pub short_overlap: f64,
    pub page_keys: u32,
    pub uploads_at_once: u32,
    pub gets_at_once: u32,
    /// A batch is written when there are so many rows that no batch has.
    pub rows_batch: u32,
    /// Or when the oldest of them has waited so long, and the budget allows it.
    pub rows_quiet: f64,
    /// If there are so many then.
    pub rows_least: u32,
    /// Batches for each recording, at most.
    pub rows_budget: f64,
    /// How long a reader waits for a batch before it reads the recording itself.
    pub grace: f64,
    /// So many of those a poll are read at once all the same.
    pub bodies_free: u32,
    /// Rows reach the other nodes by messages; batches and polls are for those who missed them.
    pub told: bool,
    /// If not 0: one node merges the rows of all, once in so many seconds; the others read that.
    pub gather: f64,
    pub presence: f64,
    pub walk: f64,
    /// Rows of a finished day become objects of so many rows; 0: they stay as they are.
    pub compact_rows: u32,
    pub tombstone_ids: u32,
    pub evict_every: f64,

    // What the users do.
    /// Deleted by somebody, of all recordings.
    pub deletes: f64,
    /// Read by somebody, for each recording.
    pub reads: f64,
    /// Exponent of Zipf's law, over so many of the newest recordings.
    pub zipf: f64,
    pub zipf_over: u32,
    pub cache_mb: f64,
    pub new_nodes: u32,

    // What a bucket is like.
    pub put_ms: f64,
    pub get_ms: f64,
    pub list_ms: f64,
    /// Sigma of the logarithm of those three.
    pub latency_sigma: f64,
    /// Of uploads: fails and is tried again.
    pub failures: f64,
    /// Of uploads: takes 5 to 60 s.
    pub stalls: f64,
    /// How far the clocks of two nodes are apart at most, after measuring the bucket's.
    pub skew_ms: f64,
    /// Bytes of an object in a LIST, of a row in a batch, of the headers of a request and answer.
    pub listed_bytes: u32,
    pub row_bytes: u32,
    pub headers_up: u32,
    pub headers_down: u32,
    /// Memory of an entry of the index.
    pub entry_bytes: u32,
    /// How many nodes are watched while they read; the figures of all come from those.
    pub watched: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            seed: 1,
            nodes: 10,
            per_day: 10_000_000.0,
            peak: 2.5,
            from: 0.0,
            seconds: 86_400.0,
            retention_days: 30.0,
            poll: 2.0,
            overlap: 15.0,
            deep_every: 0,
            short_overlap: 2.0,
            page_keys: 1000,
            uploads_at_once: 8,
            gets_at_once: 16,
            rows_batch: 16,
            rows_quiet: 60.0,
            rows_least: 1,
            rows_budget: 0.1,
            grace: 0.0,
            bodies_free: 0,
            told: false,
            gather: 0.0,
            presence: 300.0,
            walk: 30.0,
            compact_rows: 0,
            tombstone_ids: 1000,
            evict_every: 60.0,
            deletes: 0.001,
            reads: 0.02,
            zipf: 1.0,
            zipf_over: 100_000,
            cache_mb: 10_000.0,
            new_nodes: 1,
            put_ms: 60.0,
            get_ms: 25.0,
            list_ms: 80.0,
            latency_sigma: 0.5,
            failures: 1e-4,
            stalls: 1e-5,
            skew_ms: 500.0,
            listed_bytes: 260,
            row_bytes: 195,
            headers_up: 600,
            headers_down: 350,
            entry_bytes: 330,
            watched: 4,
        }
    }
}

impl Settings {
    /// Sets one by its name, as [`names`](Self::names) has it, from its text.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
        let key = name.replace('-', "_");
        let mut fields = self.fields();
        let known = fields
            .get(&key)
            .ok_or_else(|| format!("no setting is called {name}"))?;
        let value = match known {
            serde_json::Value::Bool(_) => text.parse().map(serde_json::Value::Bool).ok(),
            serde_json::Value::Number(number) if number.is_u64() => {
                text.parse::<u32>().map(serde_json::Value::from).ok()
            }
            _ => text
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite() && *number >= 0.0)
                .map(serde_json::Value::from),
        };
        let value = value.ok_or_else(|| format!("{text} can't be {name}"))?;
        fields.insert(key, value);
        let fields = serde_json::to_value(fields).map_err(|error| error.to_string())?;
        *self = serde_json::from_value(fields).map_err(|error| error.to_string())?;
        self.check()
    }

    /// What nothing could be simulated with.
    fn check(&self) -> Result<(), String> {
        let positive = [
            ("nodes", f64::from(self.nodes)),
            ("per-day", self.per_day),
            ("seconds", self.seconds),
            ("poll", self.poll),
            ("page-keys", f64::from(self.page_keys)),
            ("uploads-at-once", f64::from(self.uploads_at_once)),
            ("gets-at-once", f64::from(self.gets_at_once)),
            ("tombstone-ids", f64::from(self.tombstone_ids)),
            ("evict-every", self.evict_every),
            ("presence", self.presence),
            ("walk", self.walk),
            ("watched", f64::from(self.watched)),
        ];
        match positive.iter().find(|(_, value)| *value <= 0.0) {
            Some((name, _)) => Err(format!("{name} must be greater than 0")),
            None if self.nodes > 60_000 => Err("nodes: at most 60000".into()),
            None if self.seconds > 86_400.0 => Err("seconds: at most a day, 86400".into()),
            None => Ok(()),
        }
    }

    fn fields(&self) -> BTreeMap<String, serde_json::Value> {
        let value = serde_json::to_value(self).unwrap_or_default();
        serde_json::from_value(value).unwrap_or_default()
    }

    /// All settings and their values, as they are set: words of the help.
    pub fn names(&self) -> Vec<(String, String)> {
        let fields = self.fields().into_iter();
        fields
            .map(|(name, value)| (name.replace('_', "-"), value.to_string()))
            .collect()
    }

    /// The share of a day that is simulated.
    pub fn days(&self) -> f64 {
        self.seconds / 86_400.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_can_be_set_by_its_name() {
        let mut settings = Settings::default();
        for (name, value) in Settings::default().names() {
            settings.set(&name, &value).unwrap();
        }
        assert_eq!(settings.names(), Settings::default().names());
        settings.set("per-day", "12.5").unwrap();
        settings.set("told", "true").unwrap();
        settings.set("rows-batch", "64").unwrap();
        assert!(settings.told && settings.per_day == 12.5 && settings.rows_batch == 64);
    }

    #[test]
    fn nonsense_is_refused() {
        let mut settings = Settings::default();
        let nonsense = [
            ("frobs", "1"),
            ("nodes", "0"),
            ("nodes", "-3"),
            ("poll", "0"),
            ("poll", "NaN"),
            ("per-day", "many"),
            ("told", "1"),
            ("seconds", "90000"),
        ];
        for (name, text) in nonsense {
            assert!(settings.clone().set(name, text).is_err(), "{name} {text}");
        }
        settings.set("nodes", "3").unwrap();
    }
}
