//! The figures of some scenarios, side by side.

use crate::scenario::Figures;
use crate::table::{Table, amount, bytes, duration};

/// A scenario: how it differs from the others, and what was found.
pub type Column = (String, Figures);

pub fn text(columns: &[Column]) -> String {
    let figures: Vec<&Figures> = columns.iter().map(|(_, figures)| figures).collect();
    let all = |value: &dyn Fn(&Figures) -> String| -> Vec<String> {
        figures.iter().map(|one| value(one)).collect()
    };
    let names = columns.iter().map(|(name, _)| name.clone());
    let mut table = Table::with("nodes, differs by", names);
    table.row("recordings a day", all(&|f| amount(f.per_day)));
    table.row("mean size", all(&|f| bytes(f.mean_bytes)));

    table.heading("Requests a day, all nodes");
    for (index, (name, _)) in figures
        .first()
        .map(|f| &f.requests[..])
        .unwrap_or(&[])
        .iter()
        .enumerate()
    {
        table.row(name, all(&|f| amount(f.requests[index].1.requests)));
    }
    table.row("uploaded", all(&|f| bytes(f.up_bytes)));
    table.row("downloaded", all(&|f| bytes(f.down_bytes)));
    table.row("stored", all(&|f| bytes(f.stored_bytes)));

    table.heading("Dollars a day: PUT and LIST, GET, storage, egress, all");
    for (index, bill) in figures
        .first()
        .map(|f| &f.bills[..])
        .unwrap_or(&[])
        .iter()
        .enumerate()
    {
        let parts = |f: &Figures| {
            let bill = &f.bills[index];
            let parts = [
                bill.writes,
                bill.reads,
                bill.storage,
                bill.egress,
                bill.total,
            ];
            parts.map(amount).join(" / ")
        };
        table.row(&bill.name, all(&parts));
    }

    table.heading("Listed elsewhere after");
    table.row("median", all(&|f| duration(f.stale_median as f64 / 1000.0)));
    table.row("p99", all(&|f| duration(f.stale_p99 as f64 / 1000.0)));
    table.row("longest", all(&|f| duration(f.stale_max as f64 / 1000.0)));
    table.row(
        "missed, of a million",
        all(&|f| amount(f.missed_share * 1e6)),
    );
    table.row(
        "the slow walk is round after",
        all(&|f| duration(f.walk_days * 86_400.0)),
    );

    table.heading("Each node");
    table.row("entries of the index", all(&|f| amount(f.index_entries)));
    table.row("memory of the index", all(&|f| bytes(f.index_bytes)));
    table.row(
        "requests of reading, a second",
        all(&|f| amount(f.node_requests)),
    );
    table.row("listed keys, a second", all(&|f| amount(f.keys_parsed)));
    table.row("— of them new", all(&|f| amount(f.keys_new)));
    table.row(
        "entries learned, a second",
        all(&|f| amount(f.rows_decoded)),
    );
    table.row("time in polls", all(&|f| percent(f.busy_share)));
    table.row(
        "polls longer than the period",
        all(&|f| percent(f.overrun_share)),
    );
    table.row(
        "users' reads from the cache",
        all(&|f| percent(f.read_hits)),
    );

    table.heading("A new node");
    table.row("requests", all(&|f| amount(f.new_node_requests)));
    table.row(
        "has listed everything after",
        all(&|f| duration(f.new_node_list_seconds)),
    );
    table.row(
        "knows everything after",
        all(&|f| duration(f.new_node_seconds)),
    );

    table.heading("The bucket at the day's peak, a second");
    table.row("PUT", all(&|f| amount(f.peak_writes)));
    table.row("LIST", all(&|f| amount(f.peak_lists)));
    table.row("GET", all(&|f| amount(f.peak_reads)));
    table.text()
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
