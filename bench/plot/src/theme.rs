//! Colors that follow the reader's light or dark mode.
//!
//! The plotting library writes fixed colors into the SVG. Each one used here stands for a role,
//! and a style sheet inside the SVG gives the role its color in either mode, so that a chart
//! looks right in the page and as an image of its own.

use plotters::style::RGBColor;

pub const TEXT: RGBColor = RGBColor(1, 1, 1);
pub const FAINT: RGBColor = RGBColor(2, 2, 2);
pub const HOST: RGBColor = RGBColor(3, 3, 3);
pub const PEER: RGBColor = RGBColor(4, 4, 4);
pub const LIMIT: RGBColor = RGBColor(5, 5, 5);
pub const GRID: RGBColor = RGBColor(6, 6, 6);
pub const ITSELF: RGBColor = RGBColor(7, 7, 7);

/// Role, color in light mode, color in dark mode. The pairs of hues stay apart for readers who
/// can't tell red from green.
const ROLES: [(RGBColor, &str, &str); 7] = [
    (TEXT, "#1c2230", "#e6e9f0"),
    (FAINT, "#657084", "#97a2b5"),
    (HOST, "#1f6fd6", "#62a3ff"),
    (PEER, "#c56a00", "#f0a34a"),
    (LIMIT, "#8b94a3", "#7d8797"),
    (GRID, "#dfe3ea", "#313948"),
    (ITSELF, "#7a5bd0", "#ad94f5"),
];

/// Where an image stands may be light or dark whatever the reader prefers, so it brings its own.
const PAGE: (&str, &str) = ("#ffffff", "#12161e");

/// Makes an SVG of the plotting library follow the mode, names it for screen readers, and writes
/// below it what it is and where it comes from: an image goes around alone.
pub fn apply(svg: &str, title: &str, origin: &str) -> String {
    let head = format!(
        "<svg class=\"chart\" role=\"img\" aria-label=\"{}\" ",
        escape(title)
    );
    let RGBColor(r, g, b) = FAINT;
    let foot = format!(
        "<text x=\"8\" y=\"99.2%\" font-family=\"system-ui, sans-serif\" font-size=\"11\" \
         fill=\"#{r:02X}{g:02X}{b:02X}\">{} · {}</text>\n</svg>",
        escape(title),
        escape(origin)
    );
    let themed = svg.replacen("<svg ", &head, 1).replacen("</svg>", &foot, 1);
    match themed.find('>') {
        Some(end) => {
            let (open, rest) = themed.split_at(end + 1);
            let page = "<rect class=\"page\" width=\"100%\" height=\"100%\"/>";
            format!("{open}\n<style>{}</style>{page}{rest}", style())
        }
        None => themed,
    }
}

fn style() -> String {
    let rules = |pick: fn(&(RGBColor, &'static str, &'static str)) -> &'static str| -> String {
        ROLES
            .iter()
            .map(|role| {
                let RGBColor(r, g, b) = role.0;
                let placeholder = format!("#{r:02X}{g:02X}{b:02X}");
                let color = pick(role);
                format!(
                    ".chart [fill=\"{placeholder}\"]{{fill:{color}}}\
                     .chart [stroke=\"{placeholder}\"]{{stroke:{color}}}"
                )
            })
            .collect()
    };
    let page = |color| format!(".chart .page{{fill:{color}}}");
    format!(
        "{}{}@media (prefers-color-scheme: dark){{{}{}}}",
        page(PAGE.0),
        rules(|role| role.1),
        page(PAGE.1),
        rules(|role| role.2)
    )
}

/// Text as it may stand in HTML, in attributes too.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
