use std::ffi::OsStr;
use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use indicatif::ProgressBar;
use replay_store::{Compression, Contents, Entry, Error, Format, Reader, file_stem, pack};

use crate::args::{Directory, Export, Form};
use crate::failure::{Failure, Outcome};
use crate::file::into_file;
use crate::find::{Found, find_all, tell_none, tell_not_searched};
use crate::output::{Out, complain};
use crate::progress;
use crate::session::session_line;
use crate::text::{plain, shown};
use crate::values::recordings;

pub fn export(directory: &Directory, export: &Export, out: &mut Out) -> Result<Outcome, Failure> {
    let reader = directory.read()?;
    let found = find_all(&reader, &export.filter.filter()?)?;
    tell_not_searched(&found.not_searched);
    if found.entries.is_empty() {
        tell_none();
        return Ok(Outcome::Nothing);
    }
    let is_on_screen = export.output.is_none() && out.is_terminal();
    let bar = match is_on_screen {
        true => ProgressBar::hidden(),
        false => progress::bar("exporting", found.entries.len()),
    };
    let failed = match (export.format, &export.output) {
        (Form::Ndjson, None) => lines(&reader, &found, &bar, out)?,
        (Form::Ndjson, Some(path)) => into_file(path, |file| lines(&reader, &found, &bar, file))?,
        (Form::Json, None) => array(&reader, &found, &bar, out)?,
        (Form::Json | Form::Etf, Some(dir)) => files(&reader, &found, &bar, dir, export.format)?,
        (Form::Etf, None) => return term(&reader, &found, out),
    };
    match failed {
        0 => Ok(Outcome::Done),
        failed => Err(Failure::Partly(format!(
            "not exported: {}",
            recordings(failed)
        ))),
    }
}

/// Does it with each recording that is still there. Returns with how many it failed, which is told.
fn each(
    reader: &Reader,
    found: &Found,
    bar: &ProgressBar,
    mut work: impl FnMut(&Entry, Contents) -> Result<(), Failure>,
) -> Result<usize, Failure> {
    let mut failed = 0;
    for entry in &found.entries {
        let done = match reader.read(entry.id()) {
            Ok(contents) => work(entry, contents),
            Err(Error::NotFound) => Ok(()),
            Err(error) => Err(error.into()),
        };
        match done {
            Ok(()) => {}
            Err(Failure::Store(error)) => {
                failed += 1;
                let (id, error) = (shown(entry.id()), error.to_string());
                bar.suspend(|| complain(&format!("replay: {id}: {}", plain(&error))));
            }
            Err(failure) => return Err(failure),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(failed)
}

fn lines(
    reader: &Reader,
    found: &Found,
    bar: &ProgressBar,
    to: &mut impl Write,
) -> Result<usize, Failure> {
    each(reader, found, bar, |entry, contents| {
        Ok(writeln!(
            to,
            "{}",
            session_line(contents, &entry.beside())?
        )?)
    })
}

fn array(
    reader: &Reader,
    found: &Found,
    bar: &ProgressBar,
    out: &mut Out,
) -> Result<usize, Failure> {
    let mut before = "[";
    let failed = each(reader, found, bar, |entry, contents| {
        let line = session_line(contents, &entry.beside())?;
        write!(out, "{before}\n{line}")?;
        before = ",";
        Ok(())
    })?;
    let end = if before == "[" { "[]" } else { "\n]" };
    writeln!(out, "{end}")?;
    Ok(failed)
}

/// One as a bare term.
fn term(reader: &Reader, found: &Found, out: &mut Out) -> Result<Outcome, Failure> {
    let [entry] = &*found.entries else {
        let many = found.entries.len();
        let advice = "only one term goes to the standard output; give a directory with --output";
        return Err(Failure::Usage(format!(
            "{} match: {advice}",
            recordings(many)
        )));
    };
    if out.is_terminal() {
        return Err(Failure::Usage("a term is nothing for a terminal".into()));
    }
    let contents = reader.read(entry.id())?;
    if contents.format != Format::Etf {
        return Err(Failure::Usage("this recording is JSON, and no term".into()));
    }
    out.raw(&contents.bytes)?;
    Ok(Outcome::Done)
}

/// A file for each. A recording that is JSON is exported as it is, also where terms are asked for:
/// what would be made of it is not what it was before it became JSON.
fn files(
    reader: &Reader,
    found: &Found,
    bar: &ProgressBar,
    dir: &Path,
    form: Form,
) -> Result<usize, Failure> {
    if dir.join(".native").exists() {
        return Err(Failure::Usage(
            "the output is a directory of recordings; replay import saves them there".into(),
        ));
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(Failure::at("make the directory", dir))?;
    each(reader, found, bar, |entry, contents| {
        let (suffix, content) = match (form, contents.format) {
            (Form::Etf, format) => {
                let suffix: &[u8] = match format {
                    Format::Etf => b".etf.gz",
                    Format::Json => b".json.gz",
                };
                let beside = entry.beside();
                (
                    suffix,
                    pack(&contents.bytes, &beside, Compression::default())?,
                )
            }
            _ => {
                let line = session_line(contents, &entry.beside())?;
                (&b".json"[..], line.into_bytes())
            }
        };
        let name = [&file_stem(entry.id()), suffix].concat();
        into_file(&dir.join(OsStr::from_bytes(&name)), |file| {
            Ok(file.write_all(&content)?)
        })
    })
}
