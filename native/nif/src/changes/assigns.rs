use replay_etf::recording::changes::mark;
use replay_etf::tag;

use super::rules::{is_sensitive_key, role_of};
use super::table::{Entry, Luck, Table};
use super::{How, Stop, Writer, word};
use crate::encode::{Effort, Encoder, steps};
use crate::role::Role;
use crate::sink::{Full, Grow, Out};
use crate::vm::{Env, Kind, MapPairs, Raw};

/// What takes less in full is not worth a reference.
const MIN_KEPT: usize = 64;

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
    /// How many bytes, of an event that is written as changes.
    pub bytes: usize,
    /// Whether there is anything in it.
    pub pairs: u32,
    /// What to note in the table, and which values to hold on to, once it is committed.
    pub news: Vec<(Raw, Raw, Option<Entry>)>,
}

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
        // SAFETY: the caller's promise; room is made before anything is put.
        unsafe {
            if self.all && !self.has_any(env)? {
                return Ok(Written::default());
            }
            let keys = if self.all { self.values } else { self.keys };
            let mut pairs = MapPairs::new(env);
            if !pairs.start(keys) || env.map_size(self.values).is_none() {
                return Err(Stop::Refused);
            }
            let out = &mut writer.encoder.out;
            out.slack()?;
            out.put([0; 4]);
            out.put([tag::SMALL_TUPLE, 3]);
            writer.encoder.term(self.offset, 0)?;
            writer.encoder.out.extend(ASSIGNS)?;
            writer.encoder.out.slack()?;
            writer.encoder.out.put([tag::MAP, 0, 0, 0, 1]);
            writer.encoder.term(self.form, 0)?;
            writer.encoder.out.slack()?;
            writer.encoder.out.put([tag::MAP]);
            let count_at = writer.encoder.out.len();
            writer.encoder.out.put([0; 4]);

            let mut written = Written::default();
            let mut whole = writer.encoder.out.len() - 4;
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
                whole += match value {
                    Some(value) => self.value(&mut writer, key, value, table, &mut written)?,
                    None => self.nothing(&mut writer, key, table, &mut written)?,
                };
                written.pairs = written.pairs.checked_add(1).ok_or(Full)?;
            }
            let out = &mut writer.encoder.out;
            let whole = u32::try_from(whole).map_err(|_| Full)?;
            out.written(0)[..4].copy_from_slice(&whole.to_be_bytes());
            out.written(count_at)[..4].copy_from_slice(&written.pairs.to_be_bytes());
            written.bytes = out.len();
            Ok(written)
        }
    }

    /// Whether there is a key that is not left out.
    unsafe fn has_any(&self, env: Env) -> Result<bool, Stop> {
        if !self.clean {
            return Ok(true);
        }
        // SAFETY: as the caller's.
        unsafe {
            let mut pairs = MapPairs::new(env);
            if !pairs.start(self.keys) {
                return Err(Stop::Refused);
            }
            for (key, _) in pairs.by_ref() {
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
        value: Raw,
        table: &Table,
        written: &mut Written,
    ) -> Result<usize, Stop> {
        let how = match self.clean {
            true => How::Clean,
            false => How::Raw,
        };
        let env = writer.encoder.env;
        let known = self.base.and(table.entry(word(key)));
        let start = writer.encoder.out.len();
        // SAFETY: as the caller's.
        unsafe {
            let kind = env.kind(value);
            // Only atoms have words that stay.
            let keeps = matches!(kind, Kind::List | Kind::Map | Kind::Tuple | Kind::Bitstring)
                && crate::atoms::known_role(key).is_some();
            if !keeps {
                writer.full(value, how, 0)?;
                if known.is_some() {
                    written.news.push((key, value, None));
                }
                return Ok(writer.encoder.out.len() - start);
            }
            let mut luck = known.map_or_else(Luck::default, |entry| entry.luck);
            if let Some(entry) = known
                && let Some(base) = self.base.and_then(|base| env.map_get(base, key))
                && (word(base) == word(value) || luck.tries())
            {
                match writer.value(value, base, how, entry.bytes) {
                    Ok(true) => {
                        let bytes = entry.bytes.saturating_add_signed(writer.growth as isize);
                        let luck = luck.after(true);
                        let entry = Entry {
                            bytes,
                            luck,
                            ..entry
                        };
                        written.news.push((key, value, Some(entry)));
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
            writer.encoder.out.slack()?;
            writer.encoder.out.put([mark::KEPT, 0, 0, 0, 0]);
            writer.full(value, how, 0)?;
            let bytes = writer.encoder.out.len() - start - 5;
            if bytes < MIN_KEPT {
                if known.is_some() {
                    written.news.push((key, value, None));
                }
            } else {
                let entry = Entry {
                    key: word(key),
                    bytes,
                    luck,
                };
                written.news.push((key, value, Some(entry)));
            }
            let length = u32::try_from(bytes).map_err(|_| Full)?.to_be_bytes();
            writer.encoder.out.written(start + 1)[..4].copy_from_slice(&length);
            Ok(bytes)
        }
    }

    /// Writes nil in place of a value that is not there.
    unsafe fn nothing<G: Grow>(
        &self,
        writer: &mut Writer<'_, '_, '_, G>,
        key: Raw,
        table: &Table,
        written: &mut Written,
    ) -> Result<usize, Stop> {
        let start = writer.encoder.out.len();
        // SAFETY: as the caller's; the key stands in for a value that is not looked at.
        unsafe { writer.full(key, How::Nil, 0)? };
        if table.entry(word(key)).is_some() {
            written.news.push((key, key, None));
        }
        Ok(writer.encoder.out.len() - start)
    }
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
