//! What is made of the command line itself.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Cli;
use crate::failure::{Failure, Outcome};
use crate::output::Out;

pub fn completions(shell: Shell, out: &mut Out) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "replay", &mut script);
    out.write_all(&script)?;
    Ok(Outcome::Done)
}

pub fn man(dir: Option<&Path>, out: &mut Out) -> Result<Outcome, Failure> {
    match dir {
        Some(dir) => {
            fs::create_dir_all(dir).map_err(Failure::at("make the directory", dir))?;
            clap_mangen::generate_to(Cli::command(), dir)
                .map_err(Failure::at("write into", dir))?;
        }
        None => {
            let mut page = Vec::new();
            Man::new(Cli::command()).render(&mut page)?;
            out.write_all(&page)?;
        }
    }
    Ok(Outcome::Done)
}
