//! What a shell sees of it: help, exit codes, pipes.

use std::io::Read as _;
use std::process::{Command, Stdio};

use crate::support::{Dir, LARGE, Ran};

#[test]
fn help_says_how_it_exits() {
    let dir = Dir::empty();
    let help = dir.run(&["--help"]).ends(0).out;
    for verb in [
        "ls", "show", "tail", "search", "stats", "verify", "repair", "export", "import", "prune",
        "erase", "convert",
    ] {
        assert!(help.contains(&format!("\n  {verb} ")), "{verb}");
        let own = dir.run(&[verb, "--help"]).ends(0).out;
        assert!(own.contains(&format!("Usage: replay {verb}")), "{own}");
    }
    assert!(help.contains("Exit status:\n  0  done\n  1 "));
    assert!(!help.contains("completions"));
    let man = dir.run(&["man"]).ends(0).out;
    assert!(
        man.starts_with(".ie ") && man.contains("Exit status"),
        "{man}"
    );
    dir.run(&["man", dir.file("man1").to_str().unwrap()])
        .ends(0);
    assert!(dir.file("man1/replay.1").exists() && dir.file("man1/replay-ls.1").exists());
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            dir.run(&["completions", shell])
                .ends(0)
                .out
                .contains("path-prefix"),
            "{shell}"
        );
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let dir = Dir::recorded();
    for wrong in [
        &[][..],
        &["frobnicate"],
        &["ls", "--sort", "random"],
        &["ls", "--limit", "-1"],
        &["ls", "--from", "yesterday"],
        &["ls", "--min-duration", "long"],
        &["ls", "--recovered=maybe"],
        &["ls", "--path", "/", "--path-prefix", "/"],
        &["ls", "--subject", ""],
        &["ls", "--contains-integer", "1x"],
        &["show"],
        &["show", LARGE, "--at", "first"],
        &["export", "--format", "xml"],
        &["export", "--format", "etf"],
        &["prune"],
        &["prune", "--max-bytes", "much"],
        &["erase", "--yes"],
        &["erase", "--yes", "--min-events", "0"],
        &["convert", "--yes"],
        &["import"],
    ] {
        let ran = dir.run(wrong).ends(2);
        assert_eq!(ran.out, "", "{wrong:?}");
        assert!(!ran.err.is_empty());
    }
}

#[test]
fn what_is_not_there_can_not_be_done() {
    let dir = Dir::empty();
    let nowhere = dir.file("nowhere");
    for arguments in [
        &["ls"][..],
        &["show", "a"],
        &["tail"],
        &["stats"],
        &["verify"],
        &["repair"],
        &["export"],
        &["prune", "--max-recordings", "1"],
        &["erase", "--id", "a", "--yes"],
        &["convert", "--format", "etf", "--yes"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
        command.args(arguments).env("REPLAY_DIR", &nowhere);
        let ran = Ran::of(command.output().unwrap()).ends(3);
        assert!(
            ran.err.contains("No such file or directory"),
            "{arguments:?}: {}",
            ran.err
        );
        assert!(!nowhere.exists(), "{arguments:?}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let dir = Dir::recorded();
    // More than a pipe holds.
    let mut child = dir
        .command(&["export", "--format", "ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.status, &*ran.err), (Some(0), ""));
    assert_eq!(first.first_chunk(), Some(b"{\""));
}

#[test]
fn an_output_that_can_not_be_written_is_one() {
    let dir = Dir::recorded();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let ran = Ran::of(dir.command(&["ls"]).stdout(full).output().unwrap()).ends(3);
    assert!(ran.err.contains("cannot write the output"), "{}", ran.err);
}
