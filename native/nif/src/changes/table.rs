/// What of a session's assigns is known, and by that what the next event may refer to.
#[derive(Default)]
pub struct Table {
    /// The event in which it was written. Another one makes it worthless.
    pub number: u64,
    /// Whether it was written under the rules of the sanitizer.
    pub clean: bool,
    /// Under which keys, words of atoms, values are known.
    pub entries: Vec<Entry>,
    pub modules: Modules,
}

/// Whether structs are schemas', by the words of their modules, which are in order.
#[derive(Default)]
pub struct Modules(Vec<(usize, bool)>);

impl Modules {
    /// What is known of a module.
    #[inline]
    pub fn is_schema(&self, module: usize) -> Option<bool> {
        let found = self.0.binary_search_by_key(&module, |(known, _)| *known);
        found
            .ok()
            .and_then(|at| self.0.get(at))
            .map(|(_, is_schema)| *is_schema)
    }

    /// Notes it, once.
    pub fn learn(&mut self, module: usize, is_schema: bool) {
        if let Err(at) = self.0.binary_search_by_key(&module, |(known, _)| *known) {
            self.0.insert(at, (module, is_schema));
        }
    }
}

/// A value that was recorded.
#[derive(Clone, Copy)]
pub struct Entry {
    pub key: usize,
    /// How many it has in full.
    pub bytes: usize,
    pub luck: Luck,
}

/// Whether comparing the values under a key was worth it lately.
#[derive(Clone, Copy, Default)]
pub struct Luck {
    /// How often it was not, in a row.
    failures: u8,
    /// So many times it is not tried.
    pauses: u8,
}

/// Most values that are known: they are looked for one after the other.
const MAX_ENTRIES: usize = 64;

/// Failures that make for the longest pause.
const MAX_FAILURES: u8 = 6;

impl Luck {
    /// Whether to try it this time.
    pub fn tries(&mut self) -> bool {
        let tries = self.pauses == 0;
        self.pauses = self.pauses.saturating_sub(1);
        tries
    }

    /// What is known after it was tried.
    pub fn after(self, worth_it: bool) -> Self {
        if worth_it {
            return Luck::default();
        }
        let failures = (self.failures + 1).min(MAX_FAILURES);
        Luck {
            failures,
            pauses: (1 << failures) - 1,
        }
    }
}

impl Table {
    pub fn entry(&self, key: usize) -> Option<Entry> {
        self.entries.iter().find(|entry| entry.key == key).copied()
    }

    /// Whether there is room for what is recorded under a key.
    pub fn has_room_for(&self, key: usize) -> bool {
        self.entries.len() < MAX_ENTRIES || self.entry(key).is_some()
    }

    /// Notes what was recorded under a key, or that nothing can be referred to.
    pub fn set(&mut self, key: usize, entry: Option<Entry>) {
        let at = self.entries.iter().position(|entry| entry.key == key);
        match (at, entry) {
            (Some(at), Some(entry)) => self.entries[at] = entry,
            (Some(at), None) => {
                self.entries.swap_remove(at);
            }
            (None, Some(entry)) => self.entries.push(entry),
            (None, None) => {}
        }
    }
}
