//! Whether a recording matches, where what is known of its pages does not tell.

use replay_etf::{Limits, json, recording};

use super::Filter;
use crate::codec::Format;

/// Whether the pages of a recording are like a filter, by its content: the other things that the
/// filter asks are known. `own` is the URL it was started at. Where the content has a fault, what
/// comes before it counts.
pub(super) fn decide(
    filter: &Filter,
    own: Option<&[u8]>,
    format: Format,
    content: &[u8],
    limits: &Limits,
) -> bool {
    let origin = recording::origin(own.unwrap_or_default());
    let (url, path) = (filter.url.as_ref(), filter.path.as_ref());
    let mut has_url = url.is_none_or(|part| own.is_some_and(|own| part.is_in(own)));
    let mut has_path = path.is_none();
    let visit = |it: &[u8]| {
        let page = recording::page(it, origin);
        has_url = has_url || url.is_some_and(|part| part.is_in_page(page, origin));
        has_path = has_path || path.is_some_and(|part| part.fits(page));
    };
    // A fault in it is reported where it is read.
    let _ = match format {
        Format::Etf => recording::each_url(content, limits, visit),
        Format::Json => json::each_url(content, limits, visit),
    };
    has_url && has_path
}
