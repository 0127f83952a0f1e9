//! `bench-plot RESULT.json [--html PAGE] [--svg DIRECTORY]`, `bench-plot SAMPLES.json --curves SVG`
//!
//! Turns what `bin/bench --json` wrote into one page without scripts or anything
//! to load, and into a directory of images, one for each chart; and what `bin/soak mixed` wrote
//! into one image.

mod axis;
mod bars;
mod chart;
mod curves;
mod lines;
mod page;
mod report;
mod theme;
mod words;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match &arguments[..] {
        [result, "--html", page] => draw(result, Some(page), None),
        [result, "--svg", svgs] => draw(result, None, Some(svgs)),
        [result, "--html", page, "--svg", svgs] => draw(result, Some(page), Some(svgs)),
        [samples, "--curves", svg] => curves::draw(Path::new(samples))
            .and_then(|image| fs::write(svg, image).map_err(Into::into)),
        _ => Err(
            "usage: bench-plot RESULT.json [--html PAGE] [--svg DIRECTORY], \
                  or bench-plot SAMPLES.json --curves SVG"
                .into(),
        ),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-plot: {error}");
            ExitCode::FAILURE
        }
    }
}

fn draw(result: &str, page: Option<&str>, svgs: Option<&str>) -> Result<(), Box<dyn Error>> {
    let report = report::Report::read(Path::new(result))?;
    let charts = chart::all(&report)?;
    if let Some(page) = page {
        fs::write(page, page::render(&report, &charts))?;
    }
    if let Some(directory) = svgs {
        fs::create_dir_all(directory)?;
        for chart in &charts {
            let file = Path::new(directory).join(format!("{}.svg", chart.file_stem()));
            fs::write(file, &chart.svg)?;
        }
    }
    Ok(())
}
