//! What a store has counted: the call behind `PhoenixReplay.Native.stats/1`.

use replay_store::{Evictions, Latency, Removed, Stats};
use rustler::types::atom::ok;
use rustler::{Encoder, Env, NifMap, Term};

use crate::directories::Settled;
use crate::errors::Failure;
use crate::options::Durability;
use crate::remote::{Link, Report};

#[derive(NifMap)]
#[rustler(encode)]
struct Fields {
    recordings: usize,
    bytes: u64,
    oldest_at: Option<i64>,
    newest_at: Option<i64>,
    durability: Durability,
    damaged: usize,
    running: usize,
    waiting: usize,
    unreadable: usize,
    queue_length: usize,
    slab_used_bytes: usize,
    slab_total_bytes: usize,
    saved: u64,
    failed: u64,
    retried: u64,
    dropped: u64,
    recovered: u64,
    moved: u64,
    gone: u64,
    evicted: Evicted,
    erased: u64,
    quarantined: u64,
    save_us: Micros,
    pending_uploads: usize,
    remote: Option<Report>,
}

#[derive(NifMap)]
struct Evicted {
    max_recordings: Gone,
    max_age_ms: Gone,
    max_bytes: Gone,
}

#[derive(NifMap)]
struct Gone {
    count: u64,
    bytes: u64,
}

#[derive(NifMap)]
struct Micros {
    p50: u64,
    p90: u64,
    p99: u64,
    max: u64,
}

impl Fields {
    fn new(stats: Stats, link: Option<&Link>) -> Self {
        Self {
            recordings: stats.recordings,
            bytes: stats.bytes,
            oldest_at: stats.oldest_at,
            newest_at: stats.newest_at,
            durability: stats.durability.into(),
            damaged: stats.damaged,
            running: stats.running,
            waiting: stats.waiting,
            unreadable: stats.unreadable,
            queue_length: stats.queue_length,
            slab_used_bytes: stats.slab.used,
            slab_total_bytes: stats.slab.total,
            saved: stats.counts.saved,
            failed: stats.counts.failed,
            retried: stats.counts.retried,
            dropped: stats.counts.dropped,
            recovered: stats.counts.recovered,
            moved: stats.counts.moved,
            gone: stats.counts.gone,
            evicted: stats.counts.evicted.into(),
            erased: stats.counts.erased,
            quarantined: stats.counts.quarantined,
            save_us: stats.latency.into(),
            pending_uploads: link.map_or(0, Link::pending_uploads),
            remote: link.map(Link::report),
        }
    }
}

impl From<Evictions> for Evicted {
    fn from(evictions: Evictions) -> Self {
        Self {
            max_recordings: evictions.max_recordings.into(),
            max_age_ms: evictions.max_age_ms.into(),
            max_bytes: evictions.max_bytes.into(),
        }
    }
}

impl From<Removed> for Gone {
    fn from(Removed { count, bytes }: Removed) -> Self {
        Self { count, bytes }
    }
}

impl From<Latency> for Micros {
    fn from(latency: Latency) -> Self {
        let [p50, p90, p99, max] = [latency.p50, latency.p90, latency.p99, latency.max]
            .map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        Self { p50, p90, p99, max }
    }
}

#[rustler::nif(schedule = "DirtyIo")]
fn store_stats(env: Env<'_>, handle: Settled) -> Term<'_> {
    match handle.store.stats() {
        Ok(stats) => (ok(), Fields::new(stats, handle.link.as_ref())).encode(env),
        Err(error) => Failure::from(error).encode(env),
    }
}
