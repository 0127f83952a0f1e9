use replay_etf::recording::changes::mark;
use replay_etf::tag;

use super::rules::{is_sensitive_key, role_of};
use super::table::{Entry, Luck, Table};
use super::{How, Stop, Writer, word};
use crate::encode::{Effort, Encoder, steps};
use crate::role::Role;
use crate::sink::{Full, Grow, Out};
use crate::vm::{Env, Kind, MapPairs, Raw};

/// What takes less in full is written sooner than compared.
const MIN_KEPT: usize = 1024;

/// Bytes before the event where it is written as changes: how many it has in full.
const LENGTH: usize = 4;

const ASSIGNS: &[u8] = b"w\x07assigns";

/// An event with assigns.
pub struct Assigns {
    /// Milliseconds since the recording began.
    pub offset: Raw,
    /// Under what they are in the payload: the atom `delta` or `snapshot`.
    pub form: Raw,
    /// A map with the keys that are wanted.
    pub keys: Raw,
    /// The map their values are in; one that is not there is nil.
    pub values: Raw,
    /// Whether all of the values are wanted, if any of the keys is not left out.
    pub all: bool,
    /// Whether the rules of the sanitizer are to be applied.
    pub clean: bool,
    /// The map of the values that the event before held on to, if what is in the table is of it.
    pub base: Option<Raw>,
}

/// What was written.
#[derive(Default)]
pub struct Written {
    /// How many bytes.
    pub bytes: usize,
    /// How many the event has in full.
    pub whole: usize,
    /// Of how many values.
    pub pairs: u32,
    /// Whether the event is written as changes; else it is one like any other.
    pub as_changes: bool,
    /// What to note in the table, and which values to hold on to, once it is committed.
    pub news: Vec<News>,
}

/// A key, its value, and what is to be known of it.
pub type News = (Raw, Raw, Option<Entry>);

impl Assigns {
    /// Writes the event.
    ///
    /// # Safety
    /// All terms belong to `env` and are held by its process.
    pub unsafe fn write<G: Grow>(
        &self,
        env: Env,
        owner: &mut G,
        effort: Effort,
        table: &Table,
    ) -> Result<Written, Stop> {
        let mut out = Out::new(owner);
        let mut writer = Writer {
            encoder: Encoder::new(env, &mut out, effort),
            modules: &table.modules,
            growth: 0,
            credit: 0,
        };
        let mut written = Written::default();
        // SAFETY: the caller's promise; room is made before anything is put.
        unsafe {
            if self.all && !self.has_any(&mut writer)? {
                return Ok(written);
            }
            let keys = if self.all { self.values } else { self.keys };
            let mut pairs = MapPairs::new(env);
            if pairs.start(keys).is_none() || env.map_size(self.values).is_none() {
                return Err(Stop::Refused);
            }
            let count_at = self.head(&mut writer)?;
            let mut whole = writer.encoder.out.len() - LENGTH;
            let values_are_keys = word(keys) == word(self.values);
            for (key, value) in pairs.by_ref() {
                writer.encoder.spend(steps::MAP)?;
                if self.clean && is_left_out(env, key)? {
                    continue;
                }
                let value = match values_are_keys {
                    true => Some(value),
                    false => env.map_get(self.values, key),
                };
                let at = writer.encoder.out.len();
                writer.encoder.term(key, 0)?;
                whole += writer.encoder.out.len() - at;
                whole += self.value(&mut writer, key, value, table, &mut written)?;
                written.pairs = written.pairs.checked_add(1).ok_or(Full)?;
            }
            let out = &mut writer.encoder.out;
            out.written(count_at)[..4].copy_from_slice(&written.pairs.to_be_bytes());
            if written.as_changes {
                let length = u32::try_from(whole).map_err(|_| Full)?.to_be_bytes();
                out.written(0)[..LENGTH].copy_from_slice(&length);
            } else {
                out.written(0).copy_within(LENGTH.., 0);
                out.truncate(out.len() - LENGTH);
            }
            (written.bytes, written.whole) = (out.len(), whole);
            Ok(written)
        }
    }

    /// Writes everything before the first pair, and returns where the number of pairs is.
    unsafe fn head<G: Grow>(&self, writer: &mut Writer<'_, '_, '_, G>) -> Result<usize, Stop> {
        // SAFETY: as the caller's; slack is reserved.
        unsafe {
            writer.encoder.out.slack()?;
            writer.encoder.out.put([0; LENGTH]);
            writer.encoder.out.put([tag::SMALL_TUPLE, 3]);
            writer.encoder.term(self.offset, 0)?;
            writer.encoder.out.extend(ASSIGNS)?;
            writer.encoder.out.slack()?;
            writer.encoder.out.put([tag::MAP, 0, 0, 0, 1]);
            writer.encoder.term(self.form, 0)?;
            writer.encoder.out.slack()?;
            writer.encoder.out.put([tag::MAP]);
            let count_at = writer.encoder.out.len();
            writer.encoder.out.put([0; 4]);
            Ok(count_at)
        }
    }

    /// Whether there is a key that is not left out.
    unsafe fn has_any<G: Grow>(&self, writer: &mut Writer<'_, '_, '_, G>) -> Result<bool, Stop> {
        if !self.clean {
            return Ok(true);
        }
        let env = writer.encoder.env;
        // SAFETY: as the caller's.
        unsafe {
            let mut pairs = MapPairs::new(env);
            pairs.start(self.keys).ok_or(Stop::Refused)?;
            for (key, _) in pairs.by_ref() {
                writer.encoder.spend(steps::MAP)?;
                if !is_left_out(env, key)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Writes a value, and returns how many bytes it has in full.
    unsafe fn value<G: Grow>(
        &self,
        writer: &mut Writer<'_, '_, '_, G>,
        key: Raw,
        value: Option<Raw>,
        table: &Table,
        written: &mut Written,
    ) -> Result<usize, Stop> {
        let known = self.base.and(table.entry(word(key)));
        let start = writer.encoder.out.len();
        // SAFETY: as the caller's.
        unsafe {
            let Some(value) = value else {
                // The key stands in for what is not there and not looked at.
                writer.full(key, How::Nil, 0)?;
                written.forget(key, known);
                return Ok(writer.encoder.out.len() - start);
            };
            let how = if self.clean { How::Clean } else { How::Raw };
            let mut luck = known.map_or_else(Luck::default, |entry| entry.luck);
            if let Some(entry) = known
                && let Some(base) = self
                    .base
                    .and_then(|base| writer.encoder.env.map_get(base, key))
                && (word(base) == word(value) || luck.tries())
            {
                match writer.value(value, base, how, entry.bytes) {
                    Ok(true) => {
                        let bytes = entry.bytes.saturating_add_signed(writer.growth as isize);
                        let luck = luck.after(true);
                        written.keep(
                            key,
                            value,
                            Entry {
                                bytes,
                                luck,
                                ..entry
                            },
                        );
                        return Ok(bytes);
                    }
                    Ok(false) => {}
                    Err(Stop::Fruitless) => {
                        writer.encoder.out.truncate(start);
                        luck = luck.after(false);
                    }
                    Err(stop) => return Err(stop),
                }
            }
            writer.full(value, how, 0)?;
            let bytes = writer.encoder.out.len() - start;
            let key_word = word(key);
            if bytes >= MIN_KEPT && is_atom(writer.encoder.env, key) && table.has_room_for(key_word)
            {
                writer.keep(start)?;
                written.keep(
                    key,
                    value,
                    Entry {
                        key: key_word,
                        bytes,
                        luck,
                    },
                );
            } else {
                written.forget(key, known);
            }
            Ok(bytes)
        }
    }
}

impl Written {
    /// Notes what is to be known of a key and its value.
    fn keep(&mut self, key: Raw, value: Raw, entry: Entry) {
        self.as_changes = true;
        self.news.push((key, value, Some(entry)));
    }

    /// Notes that nothing is to be known of a key any more.
    fn forget(&mut self, key: Raw, known: Option<Entry>) {
        if known.is_some() {
            self.news.push((key, key, None));
        }
    }
}

impl<G: Grow> Writer<'_, '_, '_, G> {
    /// Makes the term that was written from `start` on one that can be referred to.
    fn keep(&mut self, start: usize) -> Result<(), Full> {
        let out = &mut self.encoder.out;
        let length = u32::try_from(out.len() - start).map_err(|_| Full)?;
        out.slack()?;
        // SAFETY: slack was reserved.
        unsafe { out.put([0; 5]) };
        let term = out.written(start);
        term.copy_within(..length as usize, 5);
        term[0] = mark::KEPT;
        term[1..5].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }
}

/// Whether a term is an atom: only the words of these stay what they are.
unsafe fn is_atom(env: Env, term: Raw) -> bool {
    // SAFETY: as the caller's.
    unsafe { env.kind(term) == Kind::Atom }
}

/// Whether the rules leave out an assign.
unsafe fn is_left_out(env: Env, key: Raw) -> Result<bool, Stop> {
    // SAFETY: as the caller's.
    unsafe {
        match role_of(env, key) {
            Some(role) => Ok(matches!(role, Role::Internal | Role::Sensitive)),
            None => is_sensitive_key(env, key),
        }
    }
}
