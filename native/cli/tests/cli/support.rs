//! Directories of recordings, and the command run on them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The largest of them, a term.
pub const LARGE: &str = "4x1F5sfmxsxIadPy39mHkw";

/// A directory for one test.
pub struct Dir(TempDir);

impl Dir {
    pub fn empty() -> Self {
        Dir(tempfile::tempdir().unwrap())
    }

    /// One with the recordings of an application in both formats, as its pure-Elixir backend wrote
    /// them.
    pub fn recorded() -> Self {
        let dir = Dir::empty();
        for set in ["etf", "json"] {
            for file in fs::read_dir(fixtures().join(set)).unwrap() {
                let file = file.unwrap();
                fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
            }
        }
        dir
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// The command with these arguments, on this directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
        command.arg("--dir").arg(self.path()).args(arguments);
        command.env_remove("REPLAY_DIR").env_remove("NO_COLOR");
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Names of the recordings' files.
    pub fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.path()).unwrap();
        let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != ".native").collect();
        names.sort();
        names
    }

    /// The ids that a list gives out.
    pub fn ids(&self, arguments: &[&str]) -> Vec<String> {
        let ran = self.run(&[&["ls", "--json"], arguments].concat());
        let ids = ran.json_lines();
        ids.iter()
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/fixtures/phoenix_replay-0.2.0")
}

/// What the command did.
#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Ran {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// That it ended so.
    pub fn ends(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{}{}", self.out, self.err);
        self
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }

    pub fn json_lines(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Everything below a directory: content, time and inode.
pub fn picture(dir: &Path) -> BTreeMap<PathBuf, (Vec<u8>, i64, i64, u64)> {
    let mut picture = BTreeMap::new();
    let mut paths = vec![dir.to_owned()];
    while let Some(path) = paths.pop() {
        let found = fs::metadata(&path).unwrap();
        let content = match found.is_dir() {
            true => {
                paths.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
                Vec::new()
            }
            false => fs::read(&path).unwrap(),
        };
        picture.insert(
            path,
            (content, found.mtime(), found.mtime_nsec(), found.ino()),
        );
    }
    picture
}
