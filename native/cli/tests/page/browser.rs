//! Opens pages in Chromium and asks them questions.

use super::page::page;
use serde_json::{Value, json};
use std::{env, fs, process::Command};

/// What a browser made of a page: its document once nothing happened any more, and what was
/// written to the console.
pub struct Seen {
    pub dom: String,
    pub console: Vec<String>,
}

pub fn open(html: &str) -> Seen {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("page.html");
    fs::write(&file, html).unwrap();
    let output = Command::new(env::var_os("CHROMIUM").unwrap_or("chromium".into()))
        // Of a page of one's own, in a container.
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .args(["--enable-logging=stderr", "--window-size=1200,800"])
        // As long as timers are due, so many milliseconds pass as they ask for.
        .args(["--virtual-time-budget=10000", "--dump-dom"])
        .arg(format!(
            "--user-data-dir={}",
            directory.path().join("profile").display()
        ))
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("a browser: bin/support/page_test.sh finds one");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Seen {
        dom: String::from_utf8(output.stdout).unwrap(),
        console: errors
            .lines()
            .filter(|line| line.contains(":CONSOLE"))
            .map(str::to_owned)
            .collect(),
    }
}

/// What probe.js answers about the page of a session, and about the events with these indexes.
pub fn ask(session: &Value, at: &[usize]) -> Value {
    put(session, &json!({ "at": at }))
}

/// What a tour through the page shows: `keys` presses them, `find` looks for text.
pub fn tour(name: &str, session: &Value) -> Value {
    put(session, &json!({ "at": [], "tour": name }))
}

fn put(session: &Value, asked: &Value) -> Value {
    // The policy of the page would refuse the probe.
    let html = page(session).replacen("script-src '", "script-src 'nonce-probe' '", 1);
    let probe = include_str!("probe.js");
    let seen = open(&format!(
        r#"{html}<script type="application/json" id="asked">{asked}</script>
        <script nonce="probe">{probe}</script>"#
    ));
    assert_eq!(
        seen.console,
        Vec::<String>::new(),
        "the console of {}",
        session["id"]
    );
    let (_, answer) = seen
        .dom
        .split_once(r#"<pre id="answer">"#)
        .expect("an answer");
    serde_json::from_str(answer.split_once("</pre>").unwrap().0).unwrap()
}
