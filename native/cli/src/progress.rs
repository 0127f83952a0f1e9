use indicatif::{ProgressBar, ProgressStyle};

/// A bar on the standard error, where that is a terminal, about what `label` says.
pub fn bar(label: &'static str, total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64).with_message(label);
    // The template is fixed; without it the bar has another look.
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}
