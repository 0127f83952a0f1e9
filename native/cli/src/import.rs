use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::path::Path;

use replay_store::{Beside, Contents, Error, Flags, Format, Options, Reader, Store};

use crate::args::{Directory, Import};
use crate::directory::{Saved, usual};
use crate::failure::{Failure, Outcome};
use crate::output::{Out, complain};
use crate::progress;
use crate::session::{beside_of, parse};
use crate::text::{path, plain, shown};
use crate::values::recordings;

/// A longer line is not read: no text of a recording has more bytes.
const MAX_LINE: u64 = u32::MAX as u64;

/// What reaches a bucket.
const INSTEAD: &str = "erase what is to be replaced with mix phoenix_replay.native.erase, or in a \
                       release with PhoenixReplay.Native.Release.erase, and import without \
                       --replace";

/// What has come of them so far.
#[derive(Default)]
struct Tally {
    imported: usize,
    kept: usize,
    failed: usize,
}

impl Tally {
    fn count(&mut self, from: &str, result: Result<bool, Failure>) -> Result<(), Failure> {
        match result {
            Ok(true) => self.imported += 1,
            Ok(false) => self.kept += 1,
            // What concerns one recording only.
            Err(Failure::Store(
                error @ (Error::Recording(_) | Error::Damaged { .. } | Error::TooLarge { .. }),
            )) => {
                self.failed += 1;
                complain(&format!("replay: {from}: {}", plain(&error.to_string())));
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}

pub fn import(directory: &Directory, import: &Import, out: &mut Out) -> Result<Outcome, Failure> {
    let source = &*import.source;
    let usual = match directory.read() {
        Ok(reader) => {
            if import.replace {
                import.reach.check(&reader, INSTEAD)?;
            }
            usual(&reader)?
        }
        // It is made.
        Err(_) => Saved {
            format: Format::Etf,
            compression: Options::default().compression,
        },
    };
    let mut tally = Tally::default();
    if source == Path::new("-") {
        let store = directory.write(usual)?;
        from_lines(
            &store,
            "the standard input",
            io::stdin().lock(),
            import,
            &mut tally,
        )?;
    } else if source.is_dir() {
        let from = Reader::open(source, Options::default())?;
        let store = directory.write(usual)?;
        from_directory(&store, &from, import.replace, &mut tally)?;
    } else {
        let file = File::open(source).map_err(Failure::at("open", source))?;
        let store = directory.write(usual)?;
        from_lines(
            &store,
            &path(source),
            BufReader::new(file),
            import,
            &mut tally,
        )?;
    }
    let Tally {
        imported,
        kept,
        failed,
    } = tally;
    writeln!(
        out,
        "{imported} imported, {kept} were there already, {failed} could not be"
    )?;
    match (failed, imported + kept) {
        (0, 0) => Ok(Outcome::Nothing),
        (0, _) => Ok(Outcome::Done),
        _ => Err(Failure::Partly(format!(
            "not imported: {}",
            recordings(failed)
        ))),
    }
}

fn from_directory(
    store: &Store,
    from: &Reader,
    replace: bool,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let entries = from.list()?;
    let bar = progress::bar("importing", entries.len());
    for entry in &entries {
        let result = match from.read(entry.id()) {
            Ok(contents) => {
                let beside = known(entry.beside(), &contents);
                store
                    .import(&contents, beside, replace)
                    .map_err(Failure::from)
            }
            // It has gone meanwhile.
            Err(Error::NotFound) => continue,
            Err(error) => Err(error.into()),
        };
        tally.count(&shown(entry.id()), result)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    for damage in from.damage()? {
        let (file, reason) = (plain(&damage.file), plain(&damage.reason));
        complain(&format!("replay: {file}: {reason}"));
        tally.failed += 1;
    }
    Ok(())
}

/// What a file has beside its content, or what an export wrote into it.
fn known(beside: Beside, contents: &Contents) -> Beside {
    let is_plain = beside.subject.is_none() && beside.flags == Flags::default();
    match contents.format {
        Format::Json if is_plain => in_text(&contents.bytes),
        _ => beside,
    }
}

fn in_text(text: &[u8]) -> Beside {
    let session = str::from_utf8(text).ok().and_then(|text| parse(text).ok());
    session.map_or_else(Beside::default, |session| beside_of(&session))
}

/// Of an export, a line each; those of an array are the same but for what is around them.
fn from_lines(
    store: &Store,
    name: &str,
    mut source: impl BufRead,
    import: &Import,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let mut line = Vec::new();
    for number in 1_usize.. {
        line.clear();
        let read = source.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        if read.map_err(Failure::at("read", &import.source))? == 0 {
            break;
        }
        let text = line.trim_ascii();
        let text = text.strip_suffix(b",").unwrap_or(text);
        if matches!(text, b"" | b"[" | b"]" | b"[]") {
            continue;
        }
        let contents = Contents {
            format: Format::Json,
            bytes: text.to_vec(),
        };
        let beside = in_text(text);
        let result = store.import(&contents, beside, import.replace);
        tally.count(
            &format!("{name}, line {number}"),
            result.map_err(Failure::from),
        )?;
    }
    Ok(())
}
