//! `replay`: recordings of LiveView sessions from the command line.
//!
//! It looks into a directory of recordings without the application that made them, also while that
//! runs. What only reads opens the files and nothing else; what changes something opens the engine
//! as another node would.
#![forbid(unsafe_code)]

mod args;
mod assigns;
mod charts;
mod convert;
mod directory;
mod erase;
mod export;
mod failure;
mod file;
mod filter;
mod find;
mod generate;
mod import;
mod list;
mod output;
mod page;
mod progress;
mod prune;
mod session;
mod show;
mod stats;
mod table;
mod tail;
mod text;
mod timeline;
mod values;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;
use std::thread::{self, JoinHandle};

use clap::Parser as _;

use args::{Cli, Verb};
use failure::{Failure, Outcome};
use output::Out;

/// Ample for sessions that are nested as deeply as they are read, in a build for debugging too.
const STACK_BYTES: usize = 64 << 20;

fn main() -> ExitCode {
    let command_line = Cli::parse();
    let builder = thread::Builder::new().stack_size(STACK_BYTES);
    let ended = builder.spawn(|| act(command_line)).map(JoinHandle::join);
    // One that panicked has said why.
    ended.ok().and_then(Result::ok).unwrap_or(ExitCode::from(3))
}

fn act(Cli { directory, verb }: Cli) -> ExitCode {
    let mut out = Out::new();
    let done = run(&directory, verb, &mut out);
    // What was found before something failed is told, too.
    let flushed = out.flush().map_err(Failure::from);
    match done.and_then(|outcome| flushed.map(|()| outcome)) {
        Ok(outcome) => outcome.code(),
        Err(failure) => failure.report(),
    }
}

fn run(directory: &args::Directory, verb: Verb, out: &mut Out) -> Result<Outcome, Failure> {
    match verb {
        Verb::Ls(ls) => list::ls(directory, &ls, out),
        Verb::Search(search) => list::search(directory, search, out),
        Verb::Show(show) => show::show(directory, &show, out),
        Verb::Tail(tail) => tail::tail(directory, &tail, out),
        Verb::Stats(stats) => stats::stats(directory, &stats, out),
        Verb::Verify(verify) => verify::verify(directory, verify, out),
        Verb::Repair(repair) => verify::repair(directory, repair, out),
        Verb::Export(export) => export::export(directory, &export, out),
        Verb::Import(import) => import::import(directory, &import, out),
        Verb::Prune(prune) => prune::prune(directory, &prune, out),
        Verb::Erase(erase) => erase::erase(directory, &erase, out),
        Verb::Convert(convert) => convert::convert(directory, &convert, out),
        Verb::Completions { shell } => generate::completions(shell, out),
        Verb::Man { pages } => generate::man(pages.as_deref(), out),
    }
}
