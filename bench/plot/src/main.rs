//! `bench-plot RESULT.json PAGE.html [SVG_DIRECTORY]`
//!
//! Turns what `bin/bench --json` wrote into one page without scripts or anything
//! to load. With a directory, each chart is also written there as a file.

mod bars;
mod chart;
mod lines;
mod page;
mod report;
mod theme;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &arguments[..] {
        [result, page] => draw(Path::new(result), Path::new(page), None),
        [result, page, svgs] => draw(Path::new(result), Path::new(page), Some(Path::new(svgs))),
        _ => Err("usage: bench-plot RESULT.json PAGE.html [SVG_DIRECTORY]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-plot: {error}");
            ExitCode::FAILURE
        }
    }
}

fn draw(result: &Path, page: &Path, svgs: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let report = report::Report::read(result)?;
    let charts = chart::all(&report)?;
    fs::write(page, page::render(&report, &charts))?;
    if let Some(directory) = svgs {
        fs::create_dir_all(directory)?;
        for chart in &charts {
            fs::write(
                directory.join(format!("{}.svg", chart.file_stem())),
                &chart.svg,
            )?;
        }
    }
    Ok(())
}
