//! Money, by a table of prices that is an input.

use serde::{Deserialize, Serialize};

use crate::requests::{Class, Requests};

/// What a provider takes, in US dollars.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub name: String,
    /// PUT and LIST.
    pub writes_per_million: f64,
    /// GET and HEAD.
    pub reads_per_million: f64,
    pub storage_gb_month: f64,
    /// For what leaves the bucket's region.
    pub egress_gb: f64,
    #[serde(default)]
    pub note: String,
}

/// Dollars a day.
#[derive(Debug, Clone, Serialize)]
pub struct Bill {
    pub name: String,
    pub writes: f64,
    pub reads: f64,
    pub storage: f64,
    pub egress: f64,
    pub total: f64,
}

/// The table in the file; see `prices.json`.
pub fn parse(text: &str) -> Result<Vec<Price>, String> {
    let prices: Vec<Price> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match prices.is_empty() {
        true => Err("no prices".into()),
        false => Ok(prices),
    }
}

impl Price {
    /// Of the requests of one day, and of so many bytes stored.
    pub fn bill(&self, requests: &Requests, stored_bytes: f64) -> Bill {
        let writes = requests.of_class(Class::Write) * self.writes_per_million / 1e6;
        let reads = requests.of_class(Class::Read) * self.reads_per_million / 1e6;
        let storage = stored_bytes / 1e9 * self.storage_gb_month / 30.0;
        let egress = requests.down_bytes() / 1e9 * self.egress_gb;
        Bill {
            name: self.name.clone(),
            writes,
            reads,
            storage,
            egress,
            total: writes + reads + storage + egress,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::Kind;
    use crate::settings::Settings;

    #[test]
    fn the_table_that_is_checked_in_can_be_read() {
        let prices = parse(include_str!("../prices.json")).unwrap();
        assert_eq!(prices.len(), 3);
        assert!(parse("[]").is_err() && parse("[{}]").is_err());
    }

    #[test]
    fn a_bill_is_what_the_table_says() {
        let prices = parse(include_str!("../prices.json")).unwrap();
        let settings = Settings {
            headers_up: 0,
            headers_down: 0,
            ..Settings::default()
        };
        let mut requests = Requests::default();
        requests.add(Kind::PutRecording, 1e6, 5e9, &settings);
        requests.add(Kind::ListPoll, 1e6, 1e9, &settings);
        requests.add(Kind::GetRows, 1e6, 1e9, &settings);
        requests.add(Kind::Delete, 1e6, 0.0, &settings);
        let bill = prices[1].bill(&requests, 30e9);
        let near = |left: f64, right: f64| (left - right).abs() < 1e-9;
        assert!(near(bill.writes, 10.0) && near(bill.reads, 0.4), "{bill:?}");
        assert!(
            near(bill.storage, 0.023) && near(bill.egress, 0.18),
            "{bill:?}"
        );
        assert!(near(bill.total, 10.603), "{bill:?}");
    }
}
