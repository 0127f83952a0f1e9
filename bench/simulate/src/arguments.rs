//! What the command line says.

use std::error::Error;

use crate::settings::Settings;

#[derive(Debug)]
pub struct Arguments {
    pub settings: Settings,
    pub nodes: Vec<u32>,
    /// Each a list of settings that are different in it.
    variations: Vec<String>,
    pub prices: Option<String>,
    pub limits: bool,
    pub json: bool,
    pub help: bool,
}

pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Arguments, Box<dyn Error>> {
    let mut arguments = Arguments {
        settings: Settings::default(),
        nodes: vec![10, 100, 1000],
        variations: Vec::new(),
        prices: None,
        limits: false,
        json: false,
        help: false,
    };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let name = word
            .strip_prefix("--")
            .ok_or_else(|| format!("{word}: see --help"))?;
        let mut value = || {
            words
                .next()
                .ok_or_else(|| format!("--{name} needs a value"))
        };
        match name {
            "help" => arguments.help = true,
            "json" => arguments.json = true,
            "limits" => arguments.limits = true,
            "prices" => arguments.prices = Some(value()?),
            "vary" => arguments.variations.push(value()?),
            "nodes" => arguments.nodes = numbers(&value()?)?,
            _ => arguments.settings.set(name, &value()?)?,
        }
    }
    Ok(arguments)
}

fn numbers(text: &str) -> Result<Vec<u32>, Box<dyn Error>> {
    let numbers = text.split(',').map(|number| {
        let mut settings = Settings::default();
        settings.set("nodes", number).map(|()| settings.nodes)
    });
    Ok(numbers.collect::<Result<_, _>>()?)
}

impl Arguments {
    /// Each number of nodes with each variation, and what a table calls that.
    pub fn scenarios(&self) -> Result<Vec<(String, Settings)>, Box<dyn Error>> {
        let mut scenarios = Vec::new();
        let none = [String::new()];
        let variations = match self.variations.is_empty() {
            true => &none[..],
            false => &self.variations[..],
        };
        for nodes in &self.nodes {
            for variation in variations {
                let mut settings = self.settings.clone();
                settings.nodes = *nodes;
                for change in variation.split(',').filter(|change| !change.is_empty()) {
                    let (name, value) = change
                        .split_once('=')
                        .ok_or_else(|| format!("{change}: NAME=VALUE is wanted"))?;
                    settings.set(name, value)?;
                }
                let name = format!("{nodes} {variation}");
                scenarios.push((name.trim_end().to_owned(), settings));
            }
        }
        Ok(scenarios)
    }
}

pub fn help() -> String {
    let mut text = String::from(
        "bench-simulate [--nodes 10,100,1000] [--SETTING VALUE]... [--vary NAME=VALUE,...]...\n\
         \x20              [--limits] [--prices FILE] [--json]\n\n\
         --vary      a column for what is different; any number of them\n\
         --limits    up to how many recordings a day each limit holds\n\
         --prices    a table like bench/simulate/prices.json\n\n\
         Settings, and what they are; times in seconds unless the name says otherwise:\n",
    );
    for (name, value) in Settings::default().names() {
        text += &format!("  --{name:<16} {value}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, Box<dyn Error>> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn each_number_of_nodes_comes_with_each_variation() {
        let line = "--nodes 2,3 --poll 5 --vary grace=1 --vary grace=2,told=true --seed 7";
        let scenarios = parsed(line).unwrap().scenarios().unwrap();
        let found: Vec<_> = scenarios
            .iter()
            .map(|(name, one)| (&name[..], one.nodes, one.poll, one.grace, one.told))
            .collect();
        let expected = [
            ("2 grace=1", 2, 5.0, 1.0, false),
            ("2 grace=2,told=true", 2, 5.0, 2.0, true),
            ("3 grace=1", 3, 5.0, 1.0, false),
            ("3 grace=2,told=true", 3, 5.0, 2.0, true),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        for line in [
            "--frob 1",
            "poll",
            "--poll",
            "--nodes 1,x",
            "--nodes 0",
            "--poll x",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
        let varied = |line| parsed(line).unwrap().scenarios();
        assert!(varied("--vary frob=1").is_err() && varied("--vary poll").is_err());
    }

    #[test]
    fn the_help_names_every_setting() {
        let help = help();
        for (name, _) in Settings::default().names() {
            assert!(help.contains(&format!("--{name} ")));
        }
    }
}
