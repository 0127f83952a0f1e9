//! A disk of which it is known what a power cut would leave: content is there as of its last sync,
//! names as of the last sync of their directory, and what came later in part, or not.
//!
//! Not known to it are locks of the index, which are nothing but locks.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use replay_store::{FileSystem as _, OsFileSystem};

use crate::dice::Dice;
use crate::support::*;

type Id = usize;

/// So many earlier states of what is mapped are known: the kernel writes its pages at any time.
const MAX_STATES: usize = 8;

/// What a file has in it.
enum Content {
    Directory,
    /// It was written from its beginning on, and so much of it is synced.
    Written {
        bytes: Vec<u8>,
        synced: usize,
    },
    /// As of its last sync, and what else was seen of it since.
    Mapped {
        file: File,
        states: Vec<Vec<u8>>,
    },
    /// Whose a directory is.
    Lock(File),
}

/// A change of names.
#[derive(Debug, Clone, PartialEq)]
enum Change {
    Add(PathBuf, Id),
    Remove(PathBuf),
    Move(PathBuf, PathBuf, Id),
}

/// A file, or a directory, that a power cut leaves.
pub enum Left {
    Directory,
    /// The very file.
    Same(PathBuf),
    Bytes(Vec<u8>),
}

/// What a power cut leaves, by paths within the directory.
pub type Image = BTreeMap<PathBuf, Left>;

/// What there is in a directory, and what of it is on the disk.
pub struct Disk {
    root: PathBuf,
    /// Where files stay when their names are gone.
    vault: Dir,
    contents: Vec<Content>,
    names: BTreeMap<PathBuf, Id>,
    synced: BTreeMap<PathBuf, Id>,
    changes: Vec<Change>,
}

impl Disk {
    /// All that is in it is on the disk.
    pub fn new(root: &Path) -> Self {
        let mut disk = Disk {
            root: root.to_owned(),
            vault: crate::workload::in_memory(),
            contents: Vec::new(),
            names: BTreeMap::new(),
            synced: BTreeMap::new(),
            changes: Vec::new(),
        };
        disk.find(root);
        disk.changes.clear();
        disk.synced = disk.names.clone();
        disk
    }

    fn find(&mut self, dir: &Path) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.added(&path, Content::Directory);
                self.find(&path);
            } else if path.extension().is_some_and(|it| it == "seg") {
                let file = File::open(&path).unwrap();
                let states = vec![fs::read(&path).unwrap()];
                self.added(&path, Content::Mapped { file, states });
            } else if path.file_name().is_some_and(|it| it == "lock") {
                self.added(&path, Content::Lock(File::open(&path).unwrap()));
            } else {
                self.wrote(&path, &fs::read(&path).unwrap(), true);
            }
        }
    }

    fn added(&mut self, path: &Path, content: Content) -> Id {
        let id = self.contents.len();
        self.contents.push(content);
        self.names.insert(path.to_owned(), id);
        self.changes.push(Change::Add(path.to_owned(), id));
        id
    }

    fn content(&mut self, path: &Path) -> Option<&mut Content> {
        let id = self.names.get(path)?;
        self.contents.get_mut(*id)
    }

    pub fn made_directory(&mut self, path: &Path) {
        if path.starts_with(&self.root) && path != self.root {
            self.added(path, Content::Directory);
        }
    }

    pub fn made_segment(&mut self, path: &Path, file: &File) {
        let file = file.try_clone().unwrap();
        let states = vec![Vec::new()];
        self.added(path, Content::Mapped { file, states });
    }

    pub fn made_lock(&mut self, path: &Path, file: &File) {
        self.added(path, Content::Lock(file.try_clone().unwrap()));
    }

    pub fn wrote(&mut self, path: &Path, bytes: &[u8], synced: bool) {
        let bytes = bytes.to_vec();
        let synced = if synced { bytes.len() } else { 0 };
        let id = self.added(path, Content::Written { bytes, synced });
        fs::hard_link(path, self.kept(id)).unwrap();
    }

    pub fn appended(&mut self, path: &Path, more: &[u8]) {
        if let Some(Content::Written { bytes, .. }) = self.content(path) {
            bytes.extend(more);
        }
    }

    pub fn renamed(&mut self, from: &Path, to: &Path) {
        let id = self.names.remove(from).unwrap();
        assert!(!matches!(self.contents[id], Content::Directory));
        self.names.insert(to.to_owned(), id);
        self.changes
            .push(Change::Move(from.to_owned(), to.to_owned(), id));
    }

    pub fn removed(&mut self, path: &Path) {
        self.names.remove(path);
        self.changes.push(Change::Remove(path.to_owned()));
    }

    pub fn synced_dir(&mut self, dir: &Path) {
        let changes = std::mem::take(&mut self.changes);
        for change in changes {
            let is_in = |path: &Path| path.parent() == Some(dir);
            let is_synced = match &change {
                Change::Add(path, _) | Change::Remove(path) => is_in(path),
                Change::Move(from, to, _) => is_in(from) || is_in(to),
            };
            match is_synced {
                true => change.apply(&mut self.synced),
                false => self.changes.push(change),
            }
        }
        // What was moved away since was never more than on its way.
        let synced = &self.synced;
        let has_moved = |path: &Path, id: Id| synced.iter().any(|(p, i)| *i == id && p != path);
        (self.changes).retain(|change| !matches!(change, Change::Add(p, id) if has_moved(p, *id)));
    }

    pub fn synced_mapping(&mut self, path: &Path) {
        if let Some(Content::Mapped { file, states }) = self.content(path) {
            *states = vec![read(file)];
        }
    }

    /// Sees what is in memory now.
    pub fn see(&mut self) {
        for content in &mut self.contents {
            if let Content::Mapped { file, states } = content {
                let now = read(file);
                if states.last() != Some(&now) {
                    states.push(now);
                }
                if states.len() > MAX_STATES {
                    states.remove(1);
                }
            }
        }
    }

    fn kept(&self, id: Id) -> PathBuf {
        self.vault.path().join(id.to_string())
    }

    /// What a power cut at this moment leaves, or might.
    pub fn cut(&mut self, dice: &mut Dice) -> Image {
        self.see();
        let mut names = self.synced.clone();
        // In order, as a journal has them, or any of them.
        let (in_order, until) = (dice.coin(), dice.below(self.changes.len() + 1));
        for (number, change) in self.changes.iter().enumerate() {
            let is_there = match in_order {
                true => number < until,
                false => dice.coin(),
            };
            if is_there {
                change.apply(&mut names);
            }
        }
        let manner = Manner::any(dice);
        let mut image = Image::new();
        // Those around it come before what is in a directory.
        for (path, id) in &names {
            let parent = path.parent().unwrap();
            let inside = path.strip_prefix(&self.root).unwrap();
            if parent != self.root && !image.contains_key(inside.parent().unwrap()) {
                continue;
            }
            let left = match &self.contents[*id] {
                Content::Directory => Left::Directory,
                Content::Written { bytes, synced }
                    if *synced == bytes.len() && parent == self.root =>
                {
                    Left::Same(self.kept(*id))
                }
                Content::Written { bytes, synced } => {
                    let until = *synced + dice.below(bytes.len() - synced + 1);
                    let mut left = bytes[..until].to_vec();
                    if dice.coin() {
                        left.resize(bytes.len(), 0);
                    }
                    Left::Bytes(left)
                }
                Content::Mapped { states, .. } => Left::Bytes(manner.mix(states, dice)),
                Content::Lock(_) if dice.below(50) == 0 => Left::Bytes(Vec::new()),
                Content::Lock(file) => Left::Bytes(read(file)),
            };
            image.insert(inside.to_owned(), left);
        }
        image
    }
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<PathBuf, Id>) {
        match self {
            Change::Add(path, id) => drop(names.insert(path.clone(), *id)),
            Change::Remove(path) => drop(names.remove(path)),
            Change::Move(from, to, id) => {
                if names.get(from) == Some(id) {
                    names.remove(from);
                }
                names.insert(to.clone(), *id);
            }
        }
    }
}

/// How much of what is in memory is on the disk.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Latest,
    Synced,
    /// Any state of each part of so many bytes.
    Mixed(usize),
}

impl Manner {
    fn any(dice: &mut Dice) -> Self {
        let manners = [
            Manner::Latest,
            Manner::Synced,
            Manner::Mixed(4096),
            Manner::Mixed(512),
            Manner::Mixed(usize::MAX),
        ];
        manners[dice.below(manners.len())]
    }

    fn mix(self, states: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
        let (first, last) = (&states[0], states.last().unwrap());
        let unit = match self {
            Manner::Latest => return last.clone(),
            Manner::Synced => return first.clone(),
            Manner::Mixed(usize::MAX) => return states[dice.below(states.len())].clone(),
            Manner::Mixed(unit) => unit,
        };
        let mut mixed = vec![0; last.len()];
        for at in (0..mixed.len()).step_by(unit) {
            let state = &states[dice.below(states.len())];
            let end = state.len().min(at + unit);
            if at < end {
                mixed[at..end].copy_from_slice(&state[at..end]);
            }
        }
        mixed
    }
}

fn read(file: &File) -> Vec<u8> {
    let mut bytes = vec![0; file.metadata().unwrap().len() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

/// Makes a directory of what a power cut left.
pub fn restore(image: &Image) -> Dir {
    let dir = crate::workload::in_memory();
    for (path, left) in image {
        let path = dir.path().join(path);
        match left {
            Left::Directory => OsFileSystem.create_dir(&path).unwrap(),
            // Its inode and time, which the index tells it by, are the same.
            Left::Same(file) => fs::hard_link(file, &path).unwrap(),
            Left::Bytes(bytes) => drop(OsFileSystem.write_new(&path, bytes, false).unwrap()),
        }
    }
    dir
}
