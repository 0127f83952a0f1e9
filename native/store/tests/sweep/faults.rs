//! Each call that a store makes of a disk fails, once or from then on. What it has said holds when
//! the disk works again.

use std::sync::LazyLock;
use std::time::Instant;

use crate::check::{After, check, closed};
use crate::failing::{FAULTS, Failing, Fault};
use crate::ledger::Ledger;
use crate::support::hooked::hooked_by;
use crate::support::*;
use crate::watchdog::Watchdog;
use crate::workload::Done;
use crate::{is_thorough, workload};

/// Runs of one fault, once and from then on, unless all are wanted.
const RUNS: usize = 4;

static PREPARED: LazyLock<(Dir, Ledger)> = LazyLock::new(workload::prepare);

/// What became of a run.
struct Run {
    /// Calls that the fault concerns.
    calls: usize,
    /// What failed, as it may.
    errors: Vec<String>,
    /// Whether there was what must not be.
    has_finding: bool,
}

fn survive(fault: &'static Fault, from: usize, until: usize) -> Run {
    let run = format!("{}, call {from} until {until}", fault.name);
    let watchdog = Watchdog::new(run.as_str().into());
    let dir = workload::in_memory();
    copy_dir(PREPARED.0.path(), dir.path());
    let ledger = Arc::new(PREPARED.1.clone());
    let failing = Failing::new(fault, from, until);
    let patience = match until {
        usize::MAX => Duration::from_millis(5),
        _ => LONG / 2,
    };
    let Done { errors, mut lies } =
        workload::run(hooked_by(&failing), dir.path(), &ledger, patience);
    closed(&failing);
    lies.extend(check(dir.path(), &ledger, After::Faults).err());
    if watchdog.has_seen_panic() {
        lies.push("a thread of the store panicked".to_owned());
    }
    let has_finding = match &lies[..] {
        [] => false,
        lies => {
            // At once: all of them take a while.
            eprintln!("{run}: {lies:#?}\nafter {errors:#?}");
            true
        }
    };
    Run {
        calls: failing.calls(),
        errors,
        has_finding,
    }
}

fn sweep(which: impl Fn(&Fault) -> bool) {
    let mut findings = 0;
    for fault in FAULTS.iter().filter(|fault| which(fault)) {
        let start = Instant::now();
        let Run { calls, errors, .. } = survive(fault, 0, 0);
        assert_eq!(errors, Vec::<String>::new());
        assert!(calls > 3, "{}: {calls}", fault.name);
        let step = match is_thorough() {
            true => 1,
            false => calls.div_ceil(RUNS),
        };
        // Not the same of each, and other ones of those that go on.
        let once = (fault.name.len() % step..calls).step_by(step);
        let runs: Vec<Run> = once
            .flat_map(|from| {
                let on = (from + step / 2).min(calls - 1);
                [(from, from + 1), (on, usize::MAX)]
            })
            .map(|(from, until)| survive(fault, from, until))
            .collect();
        let failed = runs.iter().filter(|run| !run.errors.is_empty()).count();
        println!(
            "{}: {calls} calls, {} runs, {failed} with errors, {:?}",
            fault.name,
            runs.len(),
            start.elapsed()
        );
        findings += runs.iter().filter(|run| run.has_finding).count();
    }
    assert_eq!(findings, 0);
}

#[test]
fn calls_of_any_kind_fail() {
    sweep(|fault| fault.name.starts_with("any"));
}

#[test]
fn calls_of_one_kind_fail() {
    sweep(|fault| !fault.name.starts_with("any"));
}
