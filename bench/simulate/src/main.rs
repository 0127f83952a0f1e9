//! `bench-simulate [--nodes 10,100,1000] [--SETTING VALUE]... [--vary NAME=VALUE,...]...
//! [--limits] [--prices FILE] [--json]`
//!
//! Simulates many nodes that keep their recordings in one bucket: a day of sessions that end, are
//! uploaded, listed by all other nodes, looked at, and deleted. Prints what that takes in
//! requests, bytes, money, memory and time. Nothing is measured: what a bucket answers, and when,
//! is among the settings.

mod arguments;
mod bits;
mod everybody;
mod histogram;
mod limits;
mod load;
mod new_node;
mod prices;
mod random;
mod reader;
mod report;
mod requests;
mod scenario;
mod settings;
mod sizes;
mod slots;
mod table;
mod users;
mod world;
mod writer;

use std::error::Error;
use std::process::ExitCode;

use serde_json::json;

use arguments::Arguments;
use report::Column;
use settings::Settings;

fn main() -> ExitCode {
    let done = arguments::parse(std::env::args().skip(1)).and_then(|arguments| run(&arguments));
    match done {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench-simulate: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<String, Box<dyn Error>> {
    if arguments.help {
        return Ok(arguments::help());
    }
    let prices = match &arguments.prices {
        Some(file) => std::fs::read_to_string(file)?,
        None => include_str!("../prices.json").to_owned(),
    };
    let prices = prices::parse(&prices)?;
    if arguments.limits {
        let reached = limits::find(&arguments.settings, &arguments.nodes, &prices);
        return match arguments.json {
            true => Ok(serde_json::to_string_pretty(
                &json!({"settings": arguments.settings, "nodes": arguments.nodes, "limits": reached}),
            )?),
            false => Ok(limits::text(&arguments.nodes, &reached)),
        };
    }
    let columns: Vec<(Settings, Column)> = arguments
        .scenarios()?
        .into_iter()
        .map(|(name, settings)| {
            let figures = scenario::run(&settings, &prices);
            (settings, (name, figures))
        })
        .collect();
    if arguments.json {
        let scenarios = columns.iter().map(|(settings, (name, figures))| {
            json!({"name": name, "settings": settings, "figures": figures})
        });
        let all = json!({"prices": prices, "scenarios": scenarios.collect::<Vec<_>>()});
        return Ok(serde_json::to_string_pretty(&all)?);
    }
    let columns: Vec<Column> = columns.into_iter().map(|(_, column)| column).collect();
    Ok(report::text(&columns))
}
