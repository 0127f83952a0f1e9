//! How long the store takes for what it does, on a directory of many recordings.
//!
//! `cargo bench -p replay-store -- [recordings] [directory]`, by default 10 000 in the system's
//! directory for temporary files. Each line is the median of several runs.
#![expect(clippy::unwrap_used, reason = "a failed run is meant to panic")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, hint};

use libdeflater::{CompressionLvl, Compressor, Decompressor};
use replay_etf::{Limits, Token, Walker, tag};
use replay_store::{Format, Options, Store};

const EVENTS: u32 = 225;

fn main() {
    let mut args = env::args().skip(1).filter(|arg| arg != "--bench");
    let count: usize = args.next().map_or(10_000, |count| count.parse().unwrap());
    let parent = args.next().map_or_else(env::temp_dir, PathBuf::from);
    let dir = tempfile::tempdir_in(parent).unwrap();
    let template = shortened(&fixture());
    println!(
        "{count} recordings of {} KB, {EVENTS} events",
        template.len() / 1000
    );
    fill(dir.path(), &template, count);

    for threads in [1, Options::default().threads] {
        let open = || {
            Store::open(
                dir.path(),
                Options {
                    threads,
                    ..Options::default()
                },
            )
            .unwrap()
        };
        let time = median(5, || hint::black_box(open()).path().exists());
        let rate = count as f64 / time.as_secs_f64();
        println!(
            "{:38} {time:>12.1?}  {rate:.0} files/s",
            format!("open, {threads} threads")
        );
    }

    let store = Store::open(dir.path(), Options::default()).unwrap();
    let quick = Store::open(
        dir.path(),
        Options {
            sync: false,
            ..Options::default()
        },
    )
    .unwrap();
    report("list, nothing changed", 200, || store.list().unwrap());
    report("read", 200, || {
        store.read(id(count / 2).as_bytes()).unwrap()
    });
    report("read, unknown id", 200, || store.read(b"unknown").is_err());
    let etf = with_id(&template, 0);
    report("save, synced", 50, || {
        store.save(&etf, Format::Etf).unwrap()
    });
    report("save, not synced", 50, || {
        quick.save(&etf, Format::Etf).unwrap()
    });
    report("save and list, not synced", 50, || {
        quick.save(&etf, Format::Etf).unwrap();
        quick.list().unwrap()
    });
    let mut names = [dir.path().join("a.etf"), dir.path().join("b.etf")];
    fs::write(&names[0], &etf).unwrap();
    report("list, one file new and one gone", 50, || {
        fs::rename(&names[0], &names[1]).unwrap();
        names.reverse();
        store.list().unwrap()
    });
    report("save as JSON, not synced", 20, || {
        quick.save(&etf, Format::Json).unwrap()
    });
}

fn report<T>(what: &str, runs: usize, work: impl FnMut() -> T) {
    println!("{what:38} {:>12.1?}", median(runs, work));
}

fn median<T>(runs: usize, mut work: impl FnMut() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            hint::black_box(work());
            start.elapsed()
        })
        .collect();
    times.sort();
    times[runs / 2]
}

/// As many characters as the host's ids have.
fn id(n: usize) -> String {
    format!("{n:022}")
}

fn fill(dir: &Path, template: &[u8], count: usize) {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut gz = vec![0; compressor.gzip_compress_bound(template.len())];
    for n in 0..count {
        let len = compressor
            .gzip_compress(&with_id(template, n), &mut gz)
            .unwrap();
        fs::write(dir.join(format!("{}.etf.gz", id(n))), &gz[..len]).unwrap();
    }
}

/// A recording made by the host, uncompressed.
fn fixture() -> Vec<u8> {
    let path = "../../test/fixtures/phoenix_replay-0.2.0/etf/4x1F5sfmxsxIadPy39mHkw.etf.gz";
    let gz = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let mut etf = vec![0; 1 << 20];
    let len = Decompressor::new().gzip_decompress(&gz, &mut etf).unwrap();
    etf.truncate(len);
    etf
}

/// The same recording with its first events only.
fn shortened(etf: &[u8]) -> Vec<u8> {
    let mut walker = Walker::new(etf, &Limits::default()).unwrap();
    let Token::Map(pairs) = walker.token().unwrap() else {
        return Vec::new();
    };
    let mut out = vec![tag::VERSION, tag::MAP];
    out.extend(pairs.to_be_bytes());
    for _ in 0..pairs {
        let key = walker.raw().unwrap();
        out.extend(key);
        if !key.ends_with(b"events") {
            out.extend(walker.raw().unwrap());
            continue;
        }
        let Token::List(events) = walker.token().unwrap() else {
            return Vec::new();
        };
        out.push(tag::LIST);
        out.extend(EVENTS.to_be_bytes());
        for n in 0..events {
            let event = walker.raw().unwrap();
            if n < EVENTS {
                out.extend(event);
            }
        }
        out.extend(walker.raw().unwrap());
    }
    out
}

/// The same recording under the `n`th id.
fn with_id(template: &[u8], n: usize) -> Vec<u8> {
    let mut etf = template.to_vec();
    let old = b"4x1F5sfmxsxIadPy39mHkw";
    let at = etf
        .windows(old.len())
        .position(|window| window == old)
        .unwrap();
    etf[at..at + old.len()].copy_from_slice(id(n).as_bytes());
    etf
}
