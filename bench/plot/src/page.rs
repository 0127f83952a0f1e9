//! The page: what was measured on which machine, and for each section its charts and figures.

use std::fmt::Write;

use crate::chart::Chart;
use crate::report::{Figure, Report, number};
use crate::theme::escape;

const STYLE: &str = "
:root { color-scheme: light dark; --text: #1c2230; --faint: #657084; --line: #dfe3ea; --page: #fff }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e9f0; --faint: #97a2b5; --line: #313948; --page: #12161e }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page);
       max-width: 860px; margin: 2rem auto; padding: 0 1rem }
h1, h2 { line-height: 1.2 }
h2 { margin-top: 3rem }
h3 { color: var(--faint); font-weight: 600; font-size: 1rem; margin: 1.5rem 0 0 }
p, dl { color: var(--faint) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem }
dd { margin: 0; overflow-wrap: anywhere }
svg { width: 100%; min-width: 640px; height: auto; display: block; margin: 1rem 0 }
div { overflow-x: auto }
nav li { break-inside: avoid }
nav > ul { columns: 3 16rem; padding-left: 1.25rem }
nav ul ul { padding-left: 1rem; font-size: .875rem }
a { color: inherit }
@media (max-width: 30rem) {
  body { margin: 1rem auto }
  dl { grid-template-columns: 1fr }
  dt { margin-top: .5rem }
}
table { border-collapse: collapse; font-size: .875rem; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .5rem; text-align: right;
         vertical-align: top; font-variant-numeric: tabular-nums }
th:first-child, td:first-child { text-align: left }
small { color: var(--faint); display: block }
";

const FACTS: [(&str, &str); 12] = [
    ("CPU", "cpu"),
    ("Cores", "cores"),
    ("Memory, MB", "memory_mb"),
    ("Kernel", "kernel"),
    ("File system", "file_system"),
    ("Elixir", "elixir"),
    ("Erlang/OTP", "otp"),
    ("Rust", "rustc"),
    ("Baseline", "host"),
    ("Commit", "commit"),
    ("Load before", "load_at_start"),
    ("Load after", "load_at_end"),
];

pub fn render(report: &Report, charts: &[Chart]) -> String {
    let mut body = format!(
        "<h1>What it costs</h1>\n<p>{}</p>\n<dl>",
        introduction(report)
    );
    for (label, key) in FACTS {
        let _ = write!(
            body,
            "<dt>{label}</dt><dd>{}</dd>",
            escape(&report.fact(key))
        );
    }
    body.push_str("</dl>\n");
    body.push_str(&contents(report, charts));
    for section in report.sections() {
        let _ = writeln!(body, "<section id=\"{0}\"><h2>{0}</h2>", escape(section));
        for chart in charts.iter().filter(|chart| chart.section == section) {
            if chart.title != section {
                let (id, heading) = (chart.file_stem(), escape(&chart.heading));
                let _ = writeln!(body, "<h3 id=\"{id}\">{heading}</h3>");
            }
            // It scrolls where it would otherwise be too small to read.
            let _ = writeln!(body, "<div>{}</div>", chart.svg);
        }
        body.push_str(&table(report.section(section)));
        body.push_str("</section>\n");
    }
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Benchmarks</title><style>{STYLE}</style></head>\n<body>\n{body}</body></html>\n"
    )
}

/// Where each section and each of its charts is.
fn contents(report: &Report, charts: &[Chart]) -> String {
    let mut list = String::from("<nav aria-label=\"Contents\"><h2>Contents</h2>\n<ul>");
    for section in report.sections() {
        let name = escape(section);
        let _ = write!(list, "<li><a href=\"#{name}\">{name}</a>");
        let own = charts.iter().filter(|it| it.section == section);
        let items: String = own
            .filter(|chart| chart.title != section)
            .map(|chart| {
                let (id, heading) = (chart.file_stem(), escape(&chart.heading));
                format!("<li><a href=\"#{id}\">{heading}</a></li>")
            })
            .collect();
        if !items.is_empty() {
            let _ = write!(list, "<ul>{items}</ul>");
        }
        list.push_str("</li>\n");
    }
    list + "</ul></nav>\n"
}

fn introduction(report: &Report) -> String {
    let length = if report.quick {
        "a quick run"
    } else {
        "a full run"
    };
    format!(
        "Measured {} in {length} of <code>bin/bench</code>. A bar says how many times better the \
         native engine does than what it is compared with, on a logarithmic axis; left of ×1 it \
         does worse. An outlined bar, and a dashed line, is against what was not measured, but \
         reckoned from less. Both sides ran in turns; figures are medians, and the spread is the wider \
         of their interquartile ranges.",
        escape(&report.fact("started_at")),
    )
}

fn table<'a>(figures: impl Iterator<Item = &'a Figure>) -> String {
    let mut rows = String::from(
        "<div><table><thead><tr><th>figure</th><th>native</th><th>baseline</th><th>unit</th>\
         <th>times better</th><th>spread</th></tr></thead><tbody>\n",
    );
    for figure in figures {
        let note = figure
            .note
            .as_deref()
            .map(|it| format!("<small>{}</small>", escape(it)));
        let _ = writeln!(
            rows,
            "<tr><td>{}{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{} %</td></tr>",
            escape(&figure.label()),
            note.unwrap_or_default(),
            number(figure.native_median),
            number(figure.baseline_median),
            escape(&figure.unit),
            number(figure.ratio),
            number(figure.spread_percent),
        );
    }
    rows.push_str("</tbody></table></div>\n");
    rows
}
