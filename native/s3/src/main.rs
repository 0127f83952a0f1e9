//! The server and the proxy as a program, for tests that are not Rust.
//!
//! ```text
//! replay-s3-server [--port N] FOLDER ACCESS_KEY_ID SECRET_ACCESS_KEY BUCKET...
//! ```
//!
//! It prints `port N` when it listens on 127.0.0.1:N, a port of the system's choice unless it is
//! told one, and ends when its standard input does. What is in the folder stays, whatever ends it:
//! who starts it again there, at the same port, has the server that there was. Lines of its input
//! make trouble, and each is answered with `ok`, or `?` if it is none:
//!
//! | line | from then on |
//! | --- | --- |
//! | `answer STATUS CODE` | every request is answered so, for example `answer 503 SlowDown` |
//! | `cut-sending N`, `cut-receiving N` | it is cut after so many bytes |
//! | `stall-sending N`, `stall-receiving N` | it stops after so many bytes |
//! | `slow N` | so many bytes a second |
//! | `refuse` | connections are refused |
//! | `clear` | all is well again |
//! | `count` | instead of `ok`: how many requests came since the last time |
//! | `values HEADER...` | instead of `ok`: what each was in the requests since the last time, such as `-,AES256`; `-` where it was missing |
//! | `direct` | instead of `ok`: the port of the server itself, where nobody makes trouble |
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;

use replay_s3::{Config, Proxy, Quirks, Rule, Server, Trouble};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("replay-s3-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let mut args = std::env::args().skip(1).peekable();
    let mut port = 0;
    if args.next_if(|it| it == "--port").is_some() {
        let number = args.next().and_then(|it| it.parse().ok());
        port = number.ok_or_else(|| io::Error::other("--port wants a number"))?;
    }
    let mut next = || {
        args.next()
            .ok_or_else(|| io::Error::other("an argument is missing"))
    };
    let config = Config {
        folder: next()?.into(),
        access_key_id: next()?,
        secret_access_key: next()?,
        buckets: vec![next()?],
        quirks: Quirks::default(),
        port: 0,
    };
    let config = Config {
        buckets: config.buckets.iter().cloned().chain(args).collect(),
        ..config
    };
    let server = Server::start(&config)?;
    let proxy = Proxy::start_at(server.address(), port)?;
    say(&format!("port {}", proxy.address().port()))?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let answer = match line.trim() {
            "direct" => server.address().port().to_string(),
            line => order(&proxy, line)?,
        };
        say(&answer)?;
    }
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn order(proxy: &Proxy, line: &str) -> io::Result<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |text: &str| text.parse().ok();
    let trouble = match words.as_slice() {
        ["clear"] => {
            proxy.clear();
            proxy.refuse(false)?;
            return Ok("ok".to_owned());
        }
        ["refuse"] => {
            proxy.refuse(true)?;
            return Ok("ok".to_owned());
        }
        ["count"] => return Ok(proxy.seen().len().to_string()),
        ["values", headers @ ..] => {
            let seen = proxy.seen();
            let values = |header: &&str| {
                let values = seen.iter().map(|it| it.header(header).unwrap_or("-"));
                let values: BTreeSet<&str> = values.collect();
                values.into_iter().collect::<Vec<_>>().join(",")
            };
            let values: Vec<String> = headers.iter().map(values).collect();
            return Ok(values.join(" "));
        }
        // There are few, and they are said for as long as the program runs.
        ["answer", status, code] => status
            .parse()
            .ok()
            .map(|status| Trouble::Answer(status, String::leak((*code).to_owned()))),
        ["cut-sending", bytes] => number(bytes).map(Trouble::CutSending),
        ["cut-receiving", bytes] => number(bytes).map(Trouble::CutReceiving),
        ["stall-sending", bytes] => number(bytes).map(Trouble::StallSending),
        ["stall-receiving", bytes] => number(bytes).map(Trouble::StallReceiving),
        ["slow", rate] => number(rate).map(Trouble::Slow),
        _ => None,
    };
    let Some(trouble) = trouble else {
        return Ok("?".to_owned());
    };
    proxy.clear();
    proxy.add(Rule::always(trouble));
    Ok("ok".to_owned())
}
