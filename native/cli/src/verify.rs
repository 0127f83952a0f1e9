//! `verify` and `repair`.

use std::io::Write as _;

use replay_store::{Damage, Verified};
use serde_json::{Value, json};

use crate::args::{Directory, Verify};
use crate::directory::usual;
use crate::failure::{Failure, Outcome};
use crate::output::{GONE, Out, Styled};
use crate::progress;
use crate::stats::damage_value;
use crate::text::{json_line, plain};

pub fn verify(directory: &Directory, verify: Verify, out: &mut Out) -> Result<Outcome, Failure> {
    let reader = directory.read()?;
    let files = reader.recording_files()?;
    let result = through(&files, |files| reader.verify(files));
    if verify.json {
        let damaged: Value = result.damaged.iter().map(damage_value).collect();
        print_json(&json!({"checked": result.checked, "damaged": damaged}), out)?;
    } else {
        print_damage("damaged", &result.damaged, out)?;
        let damaged = result.damaged.len();
        writeln!(out, "{} files checked, {damaged} damaged", result.checked)?;
    }
    Ok(Outcome::of(result.damaged.is_empty()))
}

pub fn repair(directory: &Directory, repair: Verify, out: &mut Out) -> Result<Outcome, Failure> {
    let usual = usual(&directory.read()?)?;
    let store = directory.write(usual)?;
    let files = store.recording_files()?;
    let result = through(&files, |files| store.repair(files));
    store.rebuild_index()?;
    if repair.json {
        let damages = |damages: &[Damage]| damages.iter().map(damage_value).collect::<Value>();
        let result = json!({
            "checked": result.checked,
            "quarantined": damages(&result.quarantined),
            "damaged": damages(&result.damaged),
        });
        print_json(&result, out)?;
    } else {
        print_damage("moved to .native/quarantine", &result.quarantined, out)?;
        print_damage("left where it is", &result.damaged, out)?;
        let (moved, left) = (result.quarantined.len(), result.damaged.len());
        writeln!(
            out,
            "{} files checked, {moved} moved away, {left} left",
            result.checked
        )?;
    }
    Ok(Outcome::of(result.damaged.is_empty()))
}

/// Has all files checked, some at a time.
fn through(files: &[Box<[u8]>], check: impl Fn(&[&[u8]]) -> Verified) -> Verified {
    let files: Vec<&[u8]> = files.iter().map(|file| &**file).collect();
    let bar = progress::bar("checking", files.len());
    let mut all = Verified::default();
    while let Some(rest) = files.get(all.checked..).filter(|rest| !rest.is_empty()) {
        let Verified {
            checked,
            damaged,
            quarantined,
            ..
        } = check(rest);
        all.checked += checked;
        all.damaged.extend(damaged);
        all.quarantined.extend(quarantined);
        bar.set_position(all.checked as u64);
    }
    bar.finish_and_clear();
    all
}

fn print_damage(what: &str, damage: &[Damage], out: &mut Out) -> Result<(), Failure> {
    for Damage { file, reason } in damage {
        writeln!(
            out,
            "{}: {what}: {}",
            Styled(GONE, plain(file)),
            plain(reason)
        )?;
    }
    Ok(())
}

fn print_json(value: &Value, out: &mut Out) -> Result<(), Failure> {
    Ok(writeln!(out, "{}", json_line(&value.to_string()))?)
}
