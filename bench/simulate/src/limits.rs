//! What breaks first: for each limit, with how many recordings a day it is reached.

use serde::Serialize;

use crate::prices::Price;
use crate::scenario::{self, Figures};
use crate::settings::Settings;
use crate::table::{Table, amount};

/// What must hold, and what it is asked of.
struct Limit {
    name: &'static str,
    holds: fn(&Figures) -> bool,
}

/// A day, at the prices that are listed first.
const DOLLARS: f64 = 100.0;

const LIMITS: [Limit; 10] = [
    Limit {
        name: "index of a node ≤ 2 GB",
        holds: |f| f.index_bytes <= 2e9,
    },
    Limit {
        name: "index of a node ≤ 16 GB",
        holds: |f| f.index_bytes <= 16e9,
    },
    Limit {
        name: "a new node knows all in 10 min",
        holds: |f| f.new_node_seconds <= 600.0,
    },
    Limit {
        name: "slow walk round in a day",
        holds: |f| f.walk_days <= 1.0,
    },
    Limit {
        name: "1 % of polls overrun",
        holds: |f| f.overrun_share <= 0.01,
    },
    Limit {
        name: "p99 listed in 10 s",
        holds: |f| f.stale_p99 <= 10_000,
    },
    Limit {
        name: "3 500 PUT/s at the peak",
        holds: |f| f.peak_writes <= 3_500.0,
    },
    Limit {
        name: "5 500 GET+LIST/s at the peak",
        holds: |f| f.peak_reads + f.peak_lists <= 5_500.0,
    },
    Limit {
        name: "100 dollars a day",
        holds: cheap,
    },
    Limit {
        name: "lists ≤ 10 % of a node's 1 Gbit/s",
        holds: |f| f.listed_bytes <= 12.5e6,
    },
];

fn cheap(figures: &Figures) -> bool {
    figures
        .bills
        .first()
        .is_none_or(|bill| bill.total <= DOLLARS)
}

/// How many recordings a day are tried: two in each power of ten.
const STEPS: [f64; 9] = [1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7, 3e7, 1e8];

#[derive(Debug, Serialize)]
pub struct Reached {
    pub limit: &'static str,
    /// For each number of nodes the last step at which it held; nothing if it never does.
    pub last: Vec<Option<f64>>,
}

/// Tries all steps with each number of nodes, in the busiest time of the day.
pub fn find(settings: &Settings, nodes: &[u32], prices: &[Price]) -> Vec<Reached> {
    let mut reached: Vec<Reached> = LIMITS
        .iter()
        .map(|limit| Reached {
            limit: limit.name,
            last: Vec::new(),
        })
        .collect();
    for count in nodes {
        let figures: Vec<Figures> = STEPS
            .iter()
            .map(|per_day| scenario::run(&at_peak(settings, *count, *per_day), prices))
            .collect();
        for (limit, reached) in LIMITS.iter().zip(&mut reached) {
            let held = figures
                .iter()
                .take_while(|figures| (limit.holds)(figures))
                .last();
            reached.last.push(held.map(|figures| figures.per_day));
        }
    }
    reached
}

fn at_peak(settings: &Settings, nodes: u32, per_day: f64) -> Settings {
    // Enough for some hundred thousand recordings, but not less than some minutes.
    let seconds = (3e5 / per_day * 86_400.0 / settings.peak).clamp(900.0, 21_600.0);
    Settings {
        nodes,
        per_day,
        seconds,
        from: 43_200.0 - seconds / 2.0,
        ..settings.clone()
    }
}

pub fn text(nodes: &[u32], reached: &[Reached]) -> String {
    let names = nodes.iter().map(|count| format!("{count} nodes"));
    let mut table = Table::with("holds up to, recordings a day", names);
    for one in reached {
        let cells = one.last.iter().map(|last| match last {
            Some(most) if *most >= STEPS[STEPS.len() - 1] => format!("≥ {}", amount(*most)),
            Some(most) => amount(*most),
            None => format!("< {}", amount(STEPS[0])),
        });
        table.row(one.limit, cells);
    }
    table.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices;

    #[test]
    fn memory_does_not_depend_on_the_nodes_and_money_does() {
        let prices = prices::parse(include_str!("../prices.json")).unwrap();
        let settings = Settings {
            watched: 1,
            ..Settings::default()
        };
        let some: Vec<Figures> = [2, 500]
            .iter()
            .map(|nodes| scenario::run(&at_peak(&settings, *nodes, 1e6), &prices))
            .collect();
        let memory = &LIMITS[0];
        assert_eq!((memory.holds)(&some[0]), (memory.holds)(&some[1]));
        assert!(cheap(&some[0]) != cheap(&some[1]));
    }
}
