use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use replay_etf::{Error, Limits, Needle, json, recording};

use super::view::is_named;
use super::{Answer, Facts, PathPart, UrlPart};
use crate::codec::{Format, Subject};
use crate::index::{Names, Pages, View};

/// What recordings must be like. Everything that is given has to hold; the default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these views, named as [`replay_etf::View::inspected`] does: `My.Live` finds a
    /// module as well as the name that JSON leaves of it, the empty name finds none at all.
    pub view: Option<Vec<Box<str>>>,
    /// A part of its own URL, or of that of one of its pages.
    pub url: Option<UrlPart>,
    /// One of its pages has this path.
    pub path: Option<PathPart>,
    /// It belongs to one of these.
    pub subject: Option<BTreeSet<Subject>>,
    /// The beginning of the id.
    pub id: Option<Box<[u8]>>,
    /// The earliest `connected_at`, in milliseconds since the Unix epoch.
    pub from: Option<i64>,
    /// The first `connected_at` that is too late.
    pub to: Option<i64>,
    /// The fewest events.
    pub min_events: Option<i64>,
    /// The most events.
    pub max_events: Option<i64>,
    /// The shortest duration.
    pub min_duration_ms: Option<i64>,
    /// The longest duration.
    pub max_duration_ms: Option<i64>,
    /// One of these names of a user's event is in it.
    pub event: Option<Vec<Box<[u8]>>>,
    /// Whether it is still running.
    pub active: Option<bool>,
    /// Whether it was cut off by a crash and recovered.
    pub recovered: Option<bool>,
    /// Whether events were refused because there were too many.
    pub truncated: Option<bool>,
    /// Something that is in it; see [`recording::contains`]. To tell, recordings have to be read:
    /// [`Search`](super::Search) does it part by part.
    pub contains: Option<Needle>,
}

impl Filter {
    /// Whether a recording is like this, as far as it is known without being read.
    pub fn answer(&self, recording: &impl Facts) -> Answer {
        let named = self.matches_names(recording.names());
        self.answer_but_for_event(recording).and(named.into())
    }

    /// As [`Filter::answer`], whatever [`Filter::event`] says.
    pub(super) fn answer_but_for_event(&self, recording: &impl Facts) -> Answer {
        let matches = self.matches_numbers(recording)
            && self.matches_view(recording.view())
            && self.matches_id(recording.id());
        match matches {
            true => self
                .answer_of_pages(recording.url(), recording.pages())
                .and(self.answer_of_subject(recording.subject(), recording.pages())),
            false => Answer::No,
        }
    }

    /// Whether it asks for pages, or for what else is in the events.
    pub(super) fn asks_for_events(&self) -> bool {
        self.event.is_some() || self.asks_for_pages()
    }

    /// Whether it asks for what may not be known of all recordings.
    pub(super) fn asks_beyond(&self) -> bool {
        self.asks_for_pages() || self.subject.is_some()
    }

    /// Whether it asks for pages.
    pub(super) fn asks_for_pages(&self) -> bool {
        self.url.is_some() || self.path.is_some()
    }

    /// The part that is decided by what is in the recording's summary itself.
    pub(super) fn matches_numbers(&self, recording: &impl Facts) -> bool {
        let is = |wanted: Option<bool>, flag| wanted.is_none_or(|wanted| wanted == flag);
        let at = recording.connected_at();
        let events = i64::from(recording.event_count());
        let duration_ms = recording.duration_ms();
        self.from.is_none_or(|from| from <= at)
            && self.to.is_none_or(|to| at < to)
            && within(events, self.min_events, self.max_events)
            && within(duration_ms, self.min_duration_ms, self.max_duration_ms)
            && is(self.active, recording.is_active())
            && is(self.recovered, recording.is_recovered())
            && is(self.truncated, recording.is_truncated())
    }

    pub(super) fn matches_view(&self, view: &View) -> bool {
        let named = |names: &Vec<Box<str>>| names.iter().any(|name| is_named(view, name));
        self.view.as_ref().is_none_or(named)
    }

    pub(super) fn matches_names(&self, names: &Names) -> bool {
        let one_of = |wanted: &Vec<Box<[u8]>>| wanted.iter().any(|name| names.contains(name));
        self.event.as_ref().is_none_or(one_of)
    }

    pub(super) fn matches_subject(&self, subject: Option<&Subject>) -> bool {
        let belongs = |wanted: &BTreeSet<_>| subject.is_some_and(|it| wanted.contains(it));
        self.subject.as_ref().is_none_or(belongs)
    }

    /// As [`Filter::matches_subject`]. Where nothing is known of pages, an earlier version may not
    /// have known of subjects either.
    pub(super) fn answer_of_subject(&self, subject: Option<&Subject>, pages: &Pages) -> Answer {
        match self.matches_subject(subject) {
            false if pages.is_unknown() => Answer::Perhaps,
            matches => matches.into(),
        }
    }

    pub(super) fn matches_id(&self, id: &[u8]) -> bool {
        (self.id.as_deref()).is_none_or(|prefix| id.starts_with(prefix))
    }

    /// The part that asks for pages.
    pub(super) fn answer_of_pages(&self, url: Option<&[u8]>, pages: &Pages) -> Answer {
        let others = match pages.is_complete() {
            true => Answer::No,
            false => Answer::Perhaps,
        };
        let answer = |known: bool| if known { Answer::Yes } else { others };
        let has_url = |part: &UrlPart| {
            url.is_some_and(|url| part.is_in(url))
                || part.is_in_one_of(pages, url.unwrap_or_default())
        };
        let has_path = |part: &PathPart| pages.iter().any(|page| part.fits(page));
        let by_url = self
            .url
            .as_ref()
            .map_or(Answer::Yes, |it| answer(has_url(it)));
        let by_path = self
            .path
            .as_ref()
            .map_or(Answer::Yes, |it| answer(has_path(it)));
        by_url.and(by_path)
    }

    /// The part for which it has to be read: whether the content of a recording, of which the rest
    /// [matches](Filter::matches), is like this. The limits are those of its format.
    pub(super) fn matches_content(
        &self,
        format: Format,
        content: &[u8],
        limits: &Limits,
    ) -> Result<bool, Error> {
        match (&self.contains, format) {
            (None, _) => Ok(true),
            (Some(needle), Format::Etf) => recording::contains(content, needle, limits),
            (Some(needle), Format::Json) => json::contains(content, needle, limits),
        }
    }

    /// Whether recordings have to be read to tell.
    pub(crate) fn is_about_content(&self) -> bool {
        self.contains.is_some()
    }

    /// Whether everything matches.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// Whether it says nothing: every recording is like this. So it does with an empty text, a
    /// limit that all numbers are within, and a time that no clock is before, or after: more
    /// likely they were meant to be others.
    pub fn says_nothing(&self) -> bool {
        // Each by its name, so that none that is added is forgotten here.
        let Filter {
            view,
            url,
            path,
            subject,
            id,
            from,
            to,
            min_events,
            max_events,
            min_duration_ms,
            max_duration_ms,
            event,
            active,
            recovered,
            truncated,
            contains,
        } = self;
        // A list without anything in it does say something: nothing at all matches.
        view.is_none()
            && subject.is_none()
            && url.as_ref().is_none_or(UrlPart::is_empty)
            && path.as_ref().is_none_or(PathPart::says_nothing)
            && id.as_ref().is_none_or(|prefix| prefix.is_empty())
            && from.is_none_or(|from| from <= 0)
            && to.is_none_or(|to| to == i64::MAX)
            && min_events.is_none_or(|min| min <= 0)
            && max_events.is_none_or(|max| max >= i64::from(u32::MAX))
            && min_duration_ms.is_none_or(|min| min <= 0)
            && max_duration_ms.is_none_or(|max| max == i64::MAX)
            && event.is_none()
            && active.is_none()
            && recovered.is_none()
            && truncated.is_none()
            && contains.is_none()
    }

    /// Whether of a finished recording, whose time fits, the columns of the index tell that it
    /// matches.
    pub(super) fn is_told_by_columns(&self) -> bool {
        // Each by its name, so that none that is added is forgotten here.
        let Filter {
            view: _,
            url,
            path,
            subject,
            id,
            from: _,
            to: _,
            min_events: _,
            max_events: _,
            min_duration_ms: _,
            max_duration_ms: _,
            event,
            active: _,
            recovered,
            truncated,
            contains: _,
        } = self;
        url.is_none()
            && path.is_none()
            && subject.is_none()
            && id.is_none()
            && event.is_none()
            && recovered.is_none()
            && truncated.is_none()
    }

    /// The `connected_at` of what can match at all; `None` if nothing can.
    pub(crate) fn times(&self) -> Option<RangeInclusive<i64>> {
        let first = self.from.unwrap_or(i64::MIN);
        let last = match self.to {
            Some(to) => to.checked_sub(1)?,
            None => i64::MAX,
        };
        (first <= last).then_some(first..=last)
    }
}

fn within(value: i64, min: Option<i64>, max: Option<i64>) -> bool {
    min.is_none_or(|min| min <= value) && max.is_none_or(|max| value <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(from: Option<i64>, to: Option<i64>) -> Option<RangeInclusive<i64>> {
        let filter = Filter {
            from,
            to,
            ..Filter::default()
        };
        filter.times()
    }

    #[test]
    fn the_range_of_time_ends_before_to() {
        assert_eq!(times(None, None), Some(i64::MIN..=i64::MAX));
        assert_eq!(times(Some(3), Some(5)), Some(3..=4));
        assert_eq!(times(Some(i64::MAX), None), Some(i64::MAX..=i64::MAX));
        for (from, to) in [(3, 3), (4, 3), (i64::MIN, i64::MIN)] {
            assert_eq!(times(Some(from), Some(to)), None);
        }
    }

    #[test]
    fn a_filter_with_anything_in_it_is_not_empty() {
        assert!(Filter::default().is_empty());
        let filter = Filter {
            url: Some(UrlPart::new(b"")),
            ..Filter::default()
        };
        assert!(!filter.is_empty());
    }

    #[test]
    fn what_every_recording_is_like_says_nothing() {
        let nothing = Filter {
            view: None,
            url: Some(UrlPart::new(b"")),
            path: Some(PathPart::Prefix(b"/"[..].into())),
            subject: None,
            id: Some([].into()),
            from: Some(0),
            to: Some(i64::MAX),
            min_events: Some(0),
            max_events: Some(u32::MAX.into()),
            min_duration_ms: Some(0),
            max_duration_ms: Some(i64::MAX),
            event: None,
            active: None,
            recovered: None,
            truncated: None,
            contains: None,
        };
        assert!(Filter::default().says_nothing());
        assert!(nothing.says_nothing());
        let says = |change: fn(&mut Filter)| {
            let mut filter = nothing.clone();
            change(&mut filter);
            !filter.says_nothing()
        };
        assert!(says(|it| it.view = Some(vec![])));
        assert!(says(|it| it.url = Some(UrlPart::new(b"/"))));
        assert!(says(|it| it.path = Some(PathPart::Prefix(b"/o"[..].into()))));
        assert!(says(|it| it.path = Some(PathPart::Exact(b"/"[..].into()))));
        assert!(says(|it| it.subject = Some(BTreeSet::new())));
        assert!(says(|it| it.id = Some(b"a"[..].into())));
        assert!(says(|it| it.from = Some(1)));
        assert!(says(|it| it.to = Some(i64::MAX - 1)));
        assert!(says(|it| it.min_events = Some(1)));
        assert!(says(|it| it.max_events = Some(i64::from(u32::MAX) - 1)));
        assert!(says(|it| it.min_duration_ms = Some(1)));
        assert!(says(|it| it.max_duration_ms = Some(i64::MAX - 1)));
        assert!(says(|it| it.event = Some(vec![])));
        assert!(says(|it| it.active = Some(false)));
        assert!(says(|it| it.recovered = Some(false)));
        assert!(says(|it| it.truncated = Some(false)));
        assert!(says(|it| it.contains = Needle::text(b"a")));
    }
}
