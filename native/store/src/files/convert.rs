//! Recordings in another form, and recordings from elsewhere.

use std::time::Instant;

use replay_etf::json;

use super::lookup::belongings;
use super::read::Contents;
use super::save::{Form, Written};
use crate::codec::{Beside, Compression, Flaw, Format};
use crate::directory::Files;
use crate::disk::Durability;
use crate::error::Error;
use crate::index::name::{file_name, file_stem};
use crate::index::{Entry, Slot};

impl Entry {
    /// Whether its file is, by its name, of this format and compression, as it is where they are
    /// what new recordings are saved in.
    pub fn is_in(&self, format: Format, compression: Compression) -> bool {
        *self.file == *file_name(&file_stem(self.id()), format, compression)
    }
}

impl Files {
    /// See [`Store::convert`](crate::store::Store::convert).
    pub(crate) fn convert(&self, id: &[u8], format: Format) -> Result<bool, Error> {
        let start = Instant::now();
        let lent = |format, bytes: &[u8]| Contents {
            format,
            bytes: bytes.to_vec(),
        };
        let (version, contents) = self.read_version(id, lent)?;
        let known = self.index.read().get(&version.file);
        let before = match known {
            Some(Slot::Recording(before)) if before.stamp == version.stamp => before,
            _ => return Ok(false),
        };
        if before.is_in(format, self.options.compression) {
            return Ok(true);
        }
        // The one that it replaces goes.
        let form = self.form(format, Durability::Synced);
        let mut etf = Vec::new();
        let written = self.write_contents(&contents, form, before.beside(), &mut etf)?;
        let file = file_name(&file_stem(&written.id), format, self.options.compression);
        let bytes = contents.bytes.len();
        self.put(written, format, file.into(), bytes, start, |commit| {
            commit.is_latest(id, &version)
        })
    }

    /// See [`Store::import`](crate::store::Store::import).
    pub(crate) fn import(
        &self,
        contents: &Contents,
        beside: Beside,
        replace: bool,
    ) -> Result<bool, Error> {
        let start = Instant::now();
        let format = contents.format;
        let checked = self.loader.check(format, &contents.bytes);
        checked.map_err(|flaw| match flaw {
            Flaw::Recording(error) => Error::Recording(error),
            flaw => Error::Damaged {
                file: String::new(),
                reason: flaw.to_string(),
            },
        })?;
        let form = self.form(format, self.options.durability);
        let mut etf = Vec::new();
        let written = self.write_contents(contents, form, beside, &mut etf)?;
        let id = written.id.clone().into_owned();
        let file = file_name(&file_stem(&id), format, self.options.compression);
        let bytes = contents.bytes.len();
        self.put(written, format, file.into(), bytes, start, |commit| {
            let mut known = belongings(&self.index.read(), &id).into_iter();
            replace || !known.any(|file| commit.exists(&file))
        })
    }

    fn form(&self, format: Format, durability: Durability) -> Form {
        Form {
            format,
            packing: self.options.compression.packing(),
            durability,
        }
    }

    /// Writes a file of this form. `etf` is space for the term, where it is one of a text.
    fn write_contents<'a>(
        &self,
        contents: &'a Contents,
        form: Form,
        beside: Beside,
        etf: &'a mut Vec<u8>,
    ) -> Result<Written<'a, '_>, Error> {
        let etf = match (contents.format, form.format) {
            (Format::Json, Format::Json) => {
                return self.write_text(&contents.bytes, form, beside);
            }
            (Format::Json, Format::Etf) => {
                let limits = self.loader.limits_of(Format::Json);
                json::decode(&contents.bytes, &limits, &is_module, etf)
                    .map_err(Error::Recording)?;
                &**etf
            }
            (Format::Etf, _) => &*contents.bytes,
        };
        self.write(etf, None, form, |_| Ok(beside))
    }

    /// Writes a text as it is: what is made of the term that it becomes may be another one.
    fn write_text<'a>(
        &self,
        text: &'a [u8],
        form: Form,
        beside: Beside,
    ) -> Result<Written<'a, '_>, Error> {
        let limits = self.loader.limits_of(Format::Json);
        let summary = json::summarize(text, &limits).map_err(Error::Recording)?;
        let temp = self.buffers.with(|buffers| {
            let (_, packed) = buffers.for_writing();
            let codec = &self.loader.codec;
            let length = codec.compress(form.packing, text, &beside, packed);
            let length = length.map_err(Error::io("compress"))?;
            let temp = self.write_temp(packed.get(..length).unwrap_or_default(), true);
            buffers.trim();
            temp
        })?;
        Ok(Written {
            id: summary.id.clone(),
            summary,
            beside,
            durability: form.durability,
            temp,
        })
    }
}

/// Whether a text of a recording stands for an atom: that of the view was a module's. Types of
/// events that nobody knows stay texts.
fn is_module(text: &str) -> bool {
    text.starts_with("Elixir.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_a_module_becomes_an_atom() {
        assert!(is_module("Elixir.My.Live"));
        assert!(!is_module("my_type") && !is_module("My.Live"));
    }
}
