use std::io::Write as _;
use std::sync::Arc;

use replay_store::{Compression, Entry, Error, Format};

use crate::args::{self, Directory, Packing, Target};
use crate::directory::{Saved, usual};
use crate::failure::{Failure, Outcome};
use crate::find::{find_all, tell_not_searched};
use crate::output::{Out, complain};
use crate::progress;
use crate::text::{plain, shown};
use crate::values::recordings;

pub fn convert(
    directory: &Directory,
    convert: &args::Convert,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let reader = directory.read()?;
    let compression = match convert.compression {
        Some(Packing::Zstd) => Compression::Zstd(1),
        Some(Packing::Gzip) => Compression::default(),
        None => usual(&reader)?.compression,
    };
    let to = |entry: &Entry| match convert.format {
        Some(Target::Etf) => Format::Etf,
        Some(Target::Json) => Format::Json,
        None => entry.format,
    };
    let found = find_all(&reader, &convert.filter.filter()?)?;
    tell_not_searched(&found.not_searched);
    let entries = found.entries;
    let others: Vec<Arc<Entry>> = entries
        .into_iter()
        .filter(|it| !it.is_in(to(it), compression))
        .collect();
    let count = others.len();
    if others.is_empty() {
        writeln!(out, "nothing to convert")?;
        return Ok(Outcome::Nothing);
    }
    if !convert.consent.yes {
        let lossy = others
            .iter()
            .filter(|it| (it.format, to(it)) == (Format::Etf, Format::Json));
        let lossy = lossy.count();
        writeln!(
            out,
            "{} would be converted: add --yes to do it",
            recordings(count)
        )?;
        if lossy > 0 {
            writeln!(
                out,
                "{lossy} of them from terms to JSON, which loses what JSON has no words for"
            )?;
        }
        return Ok(Outcome::Done);
    }
    let store = directory.write(Saved {
        compression,
        ..usual(&reader)?
    })?;
    let bar = progress::bar("converting", count);
    let (mut done, mut changed, mut failed) = (0, 0, 0);
    for entry in &others {
        match store.convert(entry.id(), to(entry)) {
            Ok(true) => done += 1,
            Ok(false) | Err(Error::NotFound) => changed += 1,
            Err(error @ (Error::Recording(_) | Error::Damaged { .. } | Error::TooLarge { .. })) => {
                failed += 1;
                let (id, error) = (shown(entry.id()), error.to_string());
                bar.suspend(|| complain(&format!("replay: {id}: {}", plain(&error))));
            }
            Err(error) => return Err(error.into()),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    writeln!(out, "{done} of {} converted", recordings(count))?;
    if changed > 0 {
        writeln!(
            out,
            "{changed} were saved or removed by others meanwhile, and left alone"
        )?;
    }
    match failed {
        0 => Ok(Outcome::Done),
        failed => Err(Failure::Partly(format!(
            "not converted: {}",
            recordings(failed)
        ))),
    }
}
