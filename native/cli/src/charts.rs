//! What a directory holds as one HTML file, in charts and tables, which needs nothing else and no
//! network.
//!
//! What was recorded may be hostile: names are escaped, and the page's Content Security Policy
//! lets nothing in but its style sheet.

mod bins;
mod draw;

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use replay_store::{Entry, Facets};

use crate::page::hash;
use crate::text::plain;
use bins::Bin;
use draw::Drawn;

const STYLE: &str = include_str!("charts/style.css");
/// How many views have a bar of their own.
const VIEWS: usize = 20;

struct Chart {
    title: &'static str,
    /// What a bin is.
    head: &'static str,
    /// What to know of its bars.
    note: String,
    bins: Vec<Bin>,
    draw: fn(&[Bin]) -> Drawn,
}

/// The page for these recordings: `facts` about all of them, and how they spread.
///
/// # Errors
///
/// That of the library which draws.
pub fn page(
    facts: &[(&str, String)],
    facets: &Facets,
    entries: &[Arc<Entry>],
) -> io::Result<String> {
    let durations = entries.iter().map(|it| it.duration_ms);
    let sizes = entries.iter().map(|it| it.stamp.len);
    let (width, days) = bins::days(&facets.days);
    let several = match width {
        1 => String::new(),
        width => format!(" A bar is {width} days."),
    };
    let charts = [
        Chart {
            title: "Sessions by day",
            head: "Day",
            note: "By when they began, in UTC.".to_owned() + &several,
            bins: days,
            draw: draw::columns,
        },
        Chart {
            title: "Sessions by view",
            head: "View",
            note: "The most first.".into(),
            bins: bins::views(&facets.views, VIEWS),
            draw: draw::bars,
        },
        Chart {
            title: "How long they are",
            head: "Duration",
            note: "From the start to the last event. A bar goes up to where the next begins."
                .into(),
            bins: bins::durations(durations),
            draw: draw::columns,
        },
        Chart {
            title: "How large they are",
            head: "File",
            note: "Sizes of the files. A bar goes up to where the next begins.".into(),
            bins: bins::sizes(sizes),
            draw: draw::columns,
        },
    ];
    let mut list = String::new();
    for (name, value) in facts {
        push(
            &mut list,
            format_args!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escaped(value)),
        );
    }
    let mut sections = String::new();
    for chart in charts.iter().filter(|chart| !chart.bins.is_empty()) {
        section(&mut sections, chart)?;
    }
    Ok(format!(
        include_str!("charts/page.html"),
        style_hash = hash(STYLE),
        style = STYLE,
        facts = list,
        sections = sections,
    ))
}

fn section(to: &mut String, chart: &Chart) -> io::Result<()> {
    let Chart {
        title,
        head,
        note,
        bins,
        draw,
    } = chart;
    let svg = draw(bins).map_err(io::Error::other)?;
    push(
        to,
        format_args!(
            "<section>\n<h2>{title}</h2>\n<p>{note}</p>\n\
             <div role=\"img\" aria-label=\"{title}: the numbers are in the table below\">{svg}</div>\n\
             <details><summary>Numbers</summary>\n<table><caption>{title}</caption>\n\
             <thead><tr><th scope=\"col\">{head}</th><th scope=\"col\">Sessions</th></tr></thead>\n<tbody>\n"
        ),
    );
    for Bin { name, count, .. } in bins {
        let name = escaped(name);
        push(
            to,
            format_args!("<tr><th scope=\"row\"><bdi>{name}</bdi></th><td>{count}</td></tr>\n"),
        );
    }
    to.push_str("</tbody></table></details>\n</section>\n");
    Ok(())
}

/// Writing to a `String` has no way to fail.
fn push(to: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = to.write_fmt(text);
}

/// A text as it may stand in HTML, in attributes too, without control characters.
fn escaped(text: &str) -> String {
    plain(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
