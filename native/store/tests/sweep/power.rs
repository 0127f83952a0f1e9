//! The power fails at each change that a store makes of a disk. What was saved is there when it
//! starts again, what was deleted is not, and of what was in flight there is a beginning.

use replay_store::FileSystem;

use crate::check::{After, check, closed};
use crate::disk::restore;
use crate::powered::{Cut, Plan, Powered};
use crate::support::*;
use crate::watchdog::Watchdog;
use crate::{is_thorough, workload};

/// Cuts the power at some changes, and looks at each of what that leaves. Returns how many there
/// were, and how many left what must not be.
fn survive(plan: Plan) -> (usize, usize) {
    let (killed, ledger) = workload::prepare();
    let ledger = Arc::new(ledger);
    let powered = Arc::new(Powered::new(killed.path(), &ledger, plan));
    let fs: Arc<dyn FileSystem> = Arc::<Powered>::clone(&powered);
    let done = workload::run(fs, killed.path(), &ledger, LONG / 2);
    assert_eq!(done.lies, Vec::<String>::new(), "{plan:?}");
    assert!(
        plan.failing.is_some() || done.errors.is_empty(),
        "{:?}",
        done.errors
    );
    closed(&powered);
    let (cuts, mut findings) = (powered.cuts(), 0);
    let count = cuts.len();
    for Cut {
        change,
        image,
        ledger,
    } in cuts
    {
        let cut = format!("{plan:?}, cut at change {change}");
        let watchdog = Watchdog::new(cut.as_str().into());
        let dir = restore(&image);
        let mut checked = check(dir.path(), &ledger, After::PowerCut);
        if watchdog.has_seen_panic() {
            checked = Err("a thread of the store panicked".to_owned());
        }
        if let Err(found) = checked {
            // At once: all of them take a while.
            eprintln!("{cut}: {found}");
            findings += 1;
        }
    }
    (count, findings)
}

fn survive_all(failing: Option<usize>) {
    let (seeds, step) = if is_thorough() { (20, 1) } else { (2, 11) };
    let chosen = std::env::var("REPLAY_SEED").ok();
    let chosen = chosen.map(|seed| seed.parse().unwrap());
    let mut findings = 0;
    for seed in chosen.map_or(0..seeds, |seed| seed..seed + 1) {
        let plan = Plan {
            seed,
            step,
            failing,
        };
        let (count, found) = survive(plan);
        println!("{plan:?}: {count} power cuts");
        assert!(count > 10);
        findings += found;
    }
    assert_eq!(findings, 0);
}

#[test]
fn the_power_fails_at_any_change() {
    survive_all(None);
}

#[test]
fn the_power_fails_when_syncs_have_failed() {
    survive_all(Some(8));
}
