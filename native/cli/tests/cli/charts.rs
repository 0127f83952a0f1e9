//! `stats --html`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{Dir, LARGE, Ran};

const TITLES: [&str; 4] = [
    "Sessions by day",
    "Sessions by view",
    "How long they are",
    "How large they are",
];

/// The page for what these arguments leave, and how the command ended.
fn page(dir: &Dir, arguments: &[&str]) -> (String, Ran) {
    let place = Dir::empty();
    let file = place.file("charts.html");
    let html = ["stats", "--html", file.to_str().unwrap()];
    let ran = dir.run(&[&html, arguments].concat());
    assert_eq!(place.names(), ["charts.html"]);
    let mode = file.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    (fs::read_to_string(file).unwrap(), ran)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    let parts = text.split(start).skip(1);
    parts.map(|it| it.split_once(end).unwrap().0).collect()
}

/// What the table of this name says.
fn table(page: &str, title: &str) -> Vec<(String, u64)> {
    let start = format!("<caption>{title}</caption>");
    let tables = between(page, &start, "</table>");
    assert_eq!(tables.len(), 1, "{title}");
    let names = between(tables[0], "<bdi>", "</bdi>");
    let counts = between(tables[0], "<td>", "</td>");
    assert_eq!(names.len(), counts.len());
    let counts = counts.iter().map(|it| it.parse().unwrap());
    names.into_iter().map(str::to_owned).zip(counts).collect()
}

fn counted(stats: &Value, kind: &str) -> Vec<(String, u64)> {
    let rows = stats[kind].as_array().unwrap().iter();
    rows.map(|it| {
        let value = it["value"].as_str().unwrap();
        (value.to_owned(), it["count"].as_u64().unwrap())
    })
    .collect()
}

/// A session that JSON has hardly anything of.
fn add(dir: &Dir, id: &str, view: &str, connected_at: i64) {
    let session = serde_json::json!({
        "id": id, "view": view, "connected_at": connected_at, "events": []
    });
    fs::write(dir.file(&format!("{id}.json")), session.to_string()).unwrap();
}

#[test]
fn tables_have_the_numbers_of_the_statistics() {
    let dir = Dir::recorded();
    let day = 86_400_000;
    for (id, view, days) in [("a", "A", 20_778), ("b", "A", 20_779), ("c", "B", 20_782)] {
        add(&dir, id, view, days * day);
    }
    let stats = dir.run(&["stats", "--json"]).ends(0).json();
    let (page, ran) = page(&dir, &[]);
    assert_eq!(ran.ends(0).out, "");
    let mut days = table(&page, TITLES[0]);
    days.retain(|(_, count)| *count > 0);
    days.reverse();
    assert_eq!(days, counted(&stats, "days"));
    assert_eq!(days.len(), 4);
    assert_eq!(table(&page, TITLES[1]), counted(&stats, "views"));
    for title in &TITLES[2..] {
        let sum: u64 = table(&page, title).iter().map(|(_, count)| count).sum();
        assert_eq!(sum, stats["recordings"].as_u64().unwrap(), "{title}");
    }
    assert_eq!(page.matches("<svg ").count(), TITLES.len());
}

#[test]
fn filters_leave_what_is_drawn() {
    let dir = Dir::recorded();
    let (page, ran) = page(&dir, &["--id", LARGE]);
    ran.ends(0);
    for (title, name) in TITLES.iter().zip([
        "2026-11-23",
        "LabAppWeb.TaskLive",
        "30ms – 100ms",
        "4 KiB – 8 KiB",
    ]) {
        assert_eq!(table(&page, title), [(name.to_owned(), 1)]);
    }
    assert!(page.contains("<dt>events</dt><dd>403</dd>"));
}

#[test]
fn nothing_to_draw_makes_a_page_too() {
    let dir = Dir::empty();
    let (empty, ran) = page(&dir, &[]);
    ran.ends(1);
    assert!(empty.contains("<dt>recordings</dt><dd>0</dd>"));
    assert!(!empty.contains("<section"));
    fs::write(dir.file("torn.etf.gz"), b"").unwrap();
    let (damaged, _) = page(&dir, &[]);
    assert!(damaged.contains("<dt>damaged files</dt><dd>1</dd>"));
}

#[test]
fn recorded_names_are_text_and_times_may_be_any() {
    let dir = Dir::empty();
    for (number, view) in [
        "</svg><script>alert(1)</script>",
        "</bdi></table><img src=x onerror='alert(1)'>",
        "\" style=\"x\u{1b}\u{202e}&lt;",
        "{style}<!--",
    ]
    .into_iter()
    .enumerate()
    {
        add(&dir, &number.to_string(), view, 0);
    }
    add(&dir, "first", "", i64::MIN);
    add(&dir, "last", "", i64::MAX);
    let (page, ran) = page(&dir, &[]);
    ran.ends(0);
    let tags = page.split('<').skip(1);
    let tags: BTreeSet<_> = tags
        .map(|it| {
            it.trim_start_matches('/')
                .split([' ', '>', '\n'])
                .next()
                .unwrap()
        })
        .collect();
    let known = "!doctype bdi body caption dd details div dl dt h1 h2 head html line main meta p polyline rect \
        section style summary svg table tbody td text th thead title tr";
    let known: BTreeSet<_> = known.split_whitespace().collect();
    assert!(tags.is_subset(&known), "{tags:?}");
    assert_eq!(page.matches("</svg>").count(), TITLES.len());
    // In the chart, and in the table.
    assert_eq!(page.matches("&lt;/svg&gt;&lt;script&gt;").count(), 2);
    assert!(!page.contains(['\u{1b}', '\u{202e}']) && page.contains("&amp;lt;"));
    let days: u64 = table(&page, TITLES[0]).iter().map(|(_, count)| count).sum();
    assert_eq!(days, 6);
}

#[test]
fn the_policy_lets_in_the_style_sheet_alone_and_nothing_else_is_needed() {
    let (page, _) = page(&Dir::recorded(), &[]);
    let style = between(&page, "<style>", "</style>");
    let hash = STANDARD.encode(Sha256::digest(style[0]));
    let policy = format!("content=\"default-src 'none'; style-src 'sha256-{hash}'; ");
    assert!(page.contains(&policy));
    for word in [" style=", "src=", "href", "@import", "url(", "<script"] {
        assert!(!page.contains(word), "{word}");
    }
    // Every colour of the charts is one that the style sheet knows.
    for (attribute, colors) in
        ["fill", "stroke"].map(|it| (it, between(&page, &format!(" {it}=\""), "\"")))
    {
        assert!(!colors.is_empty());
        for color in colors.into_iter().filter(|it| *it != "none") {
            assert!(
                style[0].contains(&format!("[{attribute}=\"{color}\"]")),
                "{attribute} {color}"
            );
        }
    }
}

#[test]
fn a_page_is_all_that_can_be_asked_for() {
    let dir = Dir::recorded();
    let file = dir.file("charts.html");
    let html = ["stats", "--html", file.to_str().unwrap()];
    for other in [&["--json"][..], &["--top", "3"]] {
        dir.run(&[&html[..], other].concat()).ends(2);
    }
    assert!(!file.exists());
    let refused = dir
        .run(&["stats", "--html", "/nowhere/charts.html"])
        .ends(3);
    assert!(refused.err.contains("cannot write /nowhere/charts.html: "));
}
