//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::filter::{AnyFilter, NeededFilter};
use crate::values;

const EXIT_CODES: &str = "\
Exit status:
  0  done
  1  nothing was found, or something is damaged
  2  the command line makes no sense
  3  something could not be done; what, is on the standard error

Reading opens the files and nothing else: nothing in the directory is changed, made or locked, \
and a disk that can't be written will do. Sessions that are still running are in the memory of \
their node, and not shown.";

/// Recordings of LiveView sessions, from the command line.
#[derive(Parser)]
#[command(name = "replay", version, after_help = EXIT_CODES, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub directory: Directory,
    #[command(subcommand)]
    pub verb: Verb,
}

/// Where the recordings are.
#[derive(Args)]
pub struct Directory {
    /// The directory of the recordings.
    #[arg(short, long, value_name = "DIR", env = "REPLAY_DIR", global = true)]
    #[arg(default_value = "priv/replay_recordings", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
    /// Where the node has what is not a recording, if its option :native_path says so. Of use to
    /// what changes recordings.
    #[arg(long, value_name = "DIR", global = true, value_hint = ValueHint::DirPath)]
    pub native_path: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Verb {
    /// List recordings.
    #[command(visible_alias = "list")]
    Ls(Ls),
    /// Show what happened in a session.
    Show(Show),
    /// List recordings as they are saved.
    Tail(Tail),
    /// List the recordings that have a text in them.
    Search(Search),
    /// Say how many recordings there are, and of what.
    Stats(Stats),
    /// Read every recording in full, and name those that are damaged.
    Verify(Verify),
    /// Move damaged files to .native/quarantine/, and write the index anew.
    Repair(Verify),
    /// Write recordings to a directory, a file or the standard output.
    Export(Export),
    /// Save recordings that come from another directory, or from an export.
    Import(Import),
    /// Delete the oldest recordings.
    Prune(Prune),
    /// Erase recordings for good, such as those of somebody.
    Erase(Erase),
    /// Save recordings in another format or compression.
    Convert(Convert),
    /// Print a script that completes this command in a shell.
    #[command(hide = true)]
    Completions { shell: Shell },
    /// Print the manual page, or write one for each command into a directory.
    #[command(hide = true)]
    Man {
        #[arg(value_hint = ValueHint::DirPath)]
        pages: Option<PathBuf>,
    },
}

/// Which recordings, and how they are listed.
#[derive(Args)]
pub struct Listing {
    /// Which come first.
    #[arg(long, value_enum, default_value_t = Order::Newest)]
    pub sort: Order,
    /// How many at most.
    #[arg(short = 'n', long, value_name = "COUNT")]
    pub limit: Option<usize>,
    /// Print an object of JSON for each, a line each.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub filter: AnyFilter,
}

#[derive(Args)]
pub struct Ls {
    #[command(flatten)]
    pub listing: Listing,
}

#[derive(Args)]
pub struct Search {
    /// The text: anywhere in the URL, params, session and the payload of every event.
    pub text: OsString,
    #[command(flatten)]
    pub listing: Listing,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Order {
    Newest,
    Oldest,
    Longest,
    MostEvents,
    Largest,
}

#[derive(Args)]
pub struct Show {
    /// The id, or how it begins if no other does so.
    pub id: OsString,
    /// Print the assigns as they were at this event; the first one is 0.
    #[arg(long, value_name = "EVENT")]
    pub at: Option<usize>,
    /// Print what changed in the assigns: at every event, or at that of --at.
    #[arg(long)]
    pub diff: bool,
    /// Print JSON, in the format of the pure-Elixir backend: the session, or what else is asked for.
    #[arg(long)]
    pub json: bool,
    /// Write a page for a browser.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["at", "diff", "json"])]
    #[arg(value_hint = ValueHint::FilePath)]
    pub html: Option<PathBuf>,
}

#[derive(Args)]
pub struct Tail {
    /// How many of those that are there already come first.
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 10)]
    pub lines: usize,
    /// How often to look.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = values::duration)]
    pub interval: Duration,
    /// Print an object of JSON for each, a line each.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub filter: AnyFilter,
}

#[derive(Args)]
pub struct Stats {
    /// How many of each kind at most.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub top: usize,
    /// Print an object of JSON.
    #[arg(long)]
    pub json: bool,
    /// Write a page of charts for a browser.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["top", "json"])]
    #[arg(value_hint = ValueHint::FilePath)]
    pub html: Option<PathBuf>,
    #[command(flatten)]
    pub filter: AnyFilter,
}

#[derive(Args, Clone, Copy)]
pub struct Verify {
    /// Print an object of JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Export {
    /// What to write: json, an array or a file each; ndjson, a line each; etf, a file each, which
    /// the pure-Elixir backend reads.
    #[arg(short, long, value_enum, default_value_t = Form::Ndjson)]
    pub format: Form,
    /// The directory to write to, or with ndjson the file. Without, it is the standard output.
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub filter: AnyFilter,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Json,
    Ndjson,
    Etf,
}

#[derive(Args)]
pub struct Import {
    /// A directory of recordings, a file of JSON lines, or - for the standard input.
    #[arg(value_hint = ValueHint::AnyPath)]
    pub source: PathBuf,
    /// Replace recordings that are there already, instead of keeping them.
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub reach: Reach,
}

#[derive(Args)]
#[command(group = ArgGroup::new("limits").required(true).multiple(true))]
pub struct Prune {
    /// Delete what began longer ago than this (30days, 12h).
    #[arg(long, value_name = "DURATION", group = "limits", value_parser = values::duration)]
    pub max_age: Option<Duration>,
    /// Keep so many recordings, the newest.
    #[arg(long, value_name = "COUNT", group = "limits")]
    pub max_recordings: Option<usize>,
    /// Keep as many of the newest as have so many bytes together (500MB, 2GiB).
    #[arg(long, value_name = "SIZE", group = "limits")]
    pub max_bytes: Option<ByteSize>,
    #[command(flatten)]
    pub reach: Reach,
    #[command(flatten)]
    pub consent: Consent,
}

/// How far it goes.
#[derive(Args)]
pub struct Reach {
    /// Do it on this disk only, where the node has a bucket (its option :remote). The bucket keeps
    /// what it has, and nodes list it again.
    #[arg(long)]
    pub only_here: bool,
}

/// Whether to do it.
#[derive(Args)]
pub struct Consent {
    /// Do it. Without this, what would be done is printed and nothing is changed.
    #[arg(long)]
    pub yes: bool,
}

#[derive(Args)]
pub struct Erase {
    #[command(flatten)]
    pub reach: Reach,
    #[command(flatten)]
    pub consent: Consent,
    #[command(flatten)]
    pub filter: NeededFilter,
}

#[derive(Args)]
#[command(group = ArgGroup::new("target").required(true).multiple(true))]
pub struct Convert {
    /// The format; without, each keeps its own. What JSON has no words for is lost.
    #[arg(short, long, value_enum, group = "target")]
    pub format: Option<Target>,
    /// The compression; without, it is that of the newest recording.
    #[arg(long, value_enum, group = "target")]
    pub compression: Option<Packing>,
    #[command(flatten)]
    pub consent: Consent,
    #[command(flatten)]
    pub filter: AnyFilter,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Target {
    Etf,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Packing {
    Gzip,
    Zstd,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        Cli::command().debug_assert();
    }
}
