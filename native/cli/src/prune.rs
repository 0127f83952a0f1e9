use std::io::Write as _;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use replay_store::{Entry, Error, Version};

use crate::args::{Directory, Prune};
use crate::directory::usual;
use crate::failure::{Failure, Outcome};
use crate::output::Out;
use crate::progress;
use crate::table::Table;
use crate::values::{recordings, shown_bytes};

/// What reaches a bucket.
const INSTEAD: &str = "give the nodes limits, or erase what is old with \
                       mix phoenix_replay.native.erase --to TIME, or in a release with \
                       PhoenixReplay.Native.Release.erase";

pub fn prune(directory: &Directory, prune: &Prune, out: &mut Out) -> Result<Outcome, Failure> {
    let reader = directory.read()?;
    prune.reach.check(&reader, INSTEAD)?;
    let now_ms = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |it| it.as_millis());
    let victims = beyond(
        &reader.list()?,
        prune,
        i128::try_from(now_ms).unwrap_or(i128::MAX),
    );
    let bytes = victims.iter().map(|entry| entry.stamp.len).sum();
    let bytes = shown_bytes(bytes);
    let count = recordings(victims.len());
    if victims.is_empty() {
        writeln!(out, "nothing to delete")?;
        return Ok(Outcome::Nothing);
    }
    if !prune.consent.yes {
        Table::of(&victims, out.width()).print(out)?;
        writeln!(
            out,
            "\n{count}, {bytes}, would be deleted: add --yes to do it"
        )?;
        return Ok(Outcome::Done);
    }
    let store = directory.write(usual(&reader)?)?;
    let bar = progress::bar("deleting", victims.len());
    let mut changed = 0;
    for entry in &victims {
        let version = Version {
            file: entry.file().into(),
            stamp: entry.stamp,
        };
        match store.delete_version(entry.id(), &version) {
            Ok(true) => {}
            Ok(false) | Err(Error::NotFound) => changed += 1,
            Err(error) => return Err(error.into()),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    // Its log has what they were about.
    store.rebuild_index()?;
    writeln!(
        out,
        "{} of {count}, {bytes}, deleted",
        victims.len() - changed
    )?;
    if changed > 0 {
        writeln!(
            out,
            "{changed} were saved or removed by others meanwhile, and left alone"
        )?;
    }
    Ok(Outcome::Done)
}

/// What is beyond one of the limits, of the newest first. The oldest goes first.
fn beyond(newest_first: &[Arc<Entry>], prune: &Prune, now_ms: i128) -> Vec<Arc<Entry>> {
    let max_age_ms = prune
        .max_age
        .map(|age| i128::try_from(age.as_millis()).unwrap_or(i128::MAX));
    let mut bytes = 0_u64;
    let mut is_kept = |(at, entry): (usize, &Arc<Entry>)| {
        bytes = bytes.saturating_add(entry.stamp.len);
        let age_ms = now_ms - i128::from(entry.connected_at);
        prune.max_recordings.is_none_or(|max| at < max)
            && prune.max_bytes.is_none_or(|max| bytes <= max.as_u64())
            && max_age_ms.is_none_or(|max| age_ms <= max)
    };
    let kept = newest_first
        .iter()
        .enumerate()
        .take_while(|it| is_kept(*it))
        .count();
    let beyond = newest_first.get(kept..).unwrap_or_default();
    beyond.iter().rev().cloned().collect()
}
