//! What a search does not reach.

use std::collections::BTreeMap;

use crate::directory::Files;
use crate::disk::NATIVE_DIR;
use crate::error::Error;
use crate::index::Damage;
use crate::slab;

/// See [`Store::not_searched`](crate::store::Store::not_searched): beside what is damaged or set
/// aside, so many recordings that are left in flight, and what could not be read.
pub(crate) fn beyond(files: &Files, left: usize, unread: &[Damage]) -> Result<Vec<Damage>, Error> {
    let quarantined = files
        .quarantined()
        .map_err(Error::at("look for damaged files in", &files.beside_dir))?;
    let set_aside = slab::set_aside_in(files.fs(), &files.native_dir)
        .map_err(Error::at("look for damaged files in", &files.native_dir))?;
    let native = |file: &str| format!("{NATIVE_DIR}/{file}");
    let mut beyond = BTreeMap::new();
    let mut add = |file: String, reason: String| {
        beyond.entry(file).or_insert(reason);
    };
    for Damage { file, reason } in files.index.read().damage() {
        add(file, reason);
    }
    for file in &quarantined {
        add(native(file), "moved away because it is damaged".into());
    }
    for file in &set_aside {
        add(native(file), "a part of the slab that can't be read".into());
    }
    if left > 0 {
        let reason = format!("recordings in flight that an earlier run left: {left}");
        add(NATIVE_DIR.into(), reason);
    }
    for Damage { file, reason } in unread {
        add(file.clone(), reason.clone());
    }
    let damage = |(file, reason)| Damage { file, reason };
    Ok(beyond.into_iter().map(damage).collect())
}
