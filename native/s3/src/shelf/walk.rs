//! The keys of a folder in their order, from some key on.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use super::name::unescaped;

/// So much older than a reading of it a folder has to be, that the time of its last change would
/// tell of another one.
const SETTLED: Duration = Duration::from_millis(50);

/// What is in a folder: parts of keys, those of folders with their slash, and names of files.
type Names = Arc<Vec<(String, PathBuf)>>;

/// Remembers what is in folders, as each page of a listing asks for it.
#[derive(Default)]
pub(super) struct Walk {
    known: Mutex<HashMap<PathBuf, (SystemTime, Names)>>,
}

impl Walk {
    /// Calls `each` with all keys that begin with `prefix` and come behind `after`, and with their
    /// files, until it has enough.
    pub fn visit(
        &self,
        root: &Path,
        prefix: &str,
        after: &str,
        each: &mut impl FnMut(String, &Path) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.folder(root, "", prefix, after, each)
    }

    fn folder(
        &self,
        path: &Path,
        key: &str,
        prefix: &str,
        after: &str,
        each: &mut impl FnMut(String, &Path) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        // One that was removed meanwhile has nothing in it.
        let names = self.names(path).unwrap_or_default();
        // A folder that `after` is in comes before it.
        let is_past = |name: &str, rest: &str| {
            name <= rest && !(name.ends_with('/') && rest.starts_with(name))
        };
        let begin = after.strip_prefix(key).map_or(0, |rest| {
            names.partition_point(|(name, _)| is_past(name, rest))
        });
        for (name, file) in names.iter().skip(begin) {
            let key = format!("{key}{name}");
            let path = path.join(file);
            match name.ends_with('/') {
                true if key.starts_with(prefix) || prefix.starts_with(&key) => {
                    self.folder(&path, &key, prefix, after, each)?;
                }
                false if key.starts_with(prefix) && key.as_str() > after => each(key, &path)?,
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }

    fn names(&self, folder: &Path) -> io::Result<Names> {
        let changed = fs::metadata(folder)?.modified()?;
        if let Some((at, names)) = self.known.lock().get(folder)
            && *at == changed
        {
            return Ok(names.clone());
        }
        let read_at = SystemTime::now();
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)?.flatten() {
            let file = entry.file_name();
            let mut name = unescaped(&file.to_string_lossy());
            if entry.file_type().is_ok_and(|it| it.is_dir()) {
                name.push('/');
            }
            names.push((name, file.into()));
        }
        names.sort_unstable();
        let names = Arc::new(names);
        let is_settled = read_at.duration_since(changed).is_ok_and(|it| it > SETTLED);
        if is_settled {
            let known = (changed, names.clone());
            self.known.lock().insert(folder.to_owned(), known);
        }
        Ok(names)
    }
}
