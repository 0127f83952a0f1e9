//! Which recordings are meant.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use clap::Args;
use replay_store::{Filter, Needle, PathPart, Subject, UrlPart};

use crate::failure::Failure;
use crate::values;

/// Any recordings: without filters all of them.
#[derive(Args)]
#[command(next_help_heading = "Filters")]
pub struct AnyFilter {
    #[command(flatten)]
    criteria: Criteria,
}

/// Some recordings.
#[derive(Args)]
#[command(next_help_heading = "Filters")]
pub struct NeededFilter {
    #[command(flatten)]
    criteria: Criteria,
}

/// Those of `PhoenixReplay.Native.query/3`. Everything that is given has to hold; of what can be
/// given several times, one.
#[derive(Args)]
struct Criteria {
    /// Made in this view, MyAppWeb.HomeLive; empty for none. Repeat it for others.
    #[arg(long, value_name = "MODULE")]
    view: Vec<String>,
    /// With this part in the URL of one of its pages, or in its own.
    #[arg(long, value_name = "PART")]
    url: Option<OsString>,
    /// With this path of one of its pages; with a ? in it, path and query.
    #[arg(long, value_name = "PATH")]
    path: Option<OsString>,
    /// With a page whose path and query begin so.
    #[arg(long, value_name = "PREFIX", conflicts_with = "path")]
    path_prefix: Option<OsString>,
    /// Of this subject, a text. Repeat it for others.
    #[arg(long, value_name = "TEXT")]
    subject: Vec<OsString>,
    /// Of this subject, an integer. Repeat it for others.
    #[arg(long, value_name = "INTEGER", allow_negative_numbers = true)]
    subject_integer: Vec<i64>,
    /// With an id that begins so.
    #[arg(long, value_name = "PREFIX")]
    id: Option<OsString>,
    /// Begun then or later: 2026-11-27, 2026-11-27T16:00:00Z, 2h for two hours ago, or Unix
    /// milliseconds.
    #[arg(long, value_name = "TIME", value_parser = values::time, allow_negative_numbers = true)]
    from: Option<i64>,
    /// Begun before.
    #[arg(long, value_name = "TIME", value_parser = values::time, allow_negative_numbers = true)]
    to: Option<i64>,
    /// With so many events at least.
    #[arg(long, value_name = "COUNT")]
    min_events: Option<u32>,
    /// With so many events at most.
    #[arg(long, value_name = "COUNT")]
    max_events: Option<u32>,
    /// At least so long: 90s, 5min, or milliseconds.
    #[arg(long, value_name = "DURATION", value_parser = values::duration_ms)]
    min_duration: Option<i64>,
    /// At most so long.
    #[arg(long, value_name = "DURATION", value_parser = values::duration_ms)]
    max_duration: Option<i64>,
    /// With a user's event of this name. Repeat it for others.
    #[arg(long, value_name = "NAME")]
    event: Vec<OsString>,
    /// Still running, of which there are none in files; or not.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true")]
    active: Option<bool>,
    /// Cut off by a crash and recovered; or not.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true")]
    recovered: Option<bool>,
    /// Cut off at the limit of events; or not.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true")]
    truncated: Option<bool>,
    /// With this text in it. Every recording is read that the other filters leave.
    #[arg(long, value_name = "TEXT")]
    contains: Option<OsString>,
    /// With this integer in it.
    #[arg(
        long,
        value_name = "INTEGER",
        conflicts_with = "contains",
        allow_negative_numbers = true
    )]
    contains_integer: Option<String>,
}

impl AnyFilter {
    pub fn filter(&self) -> Result<Filter, Failure> {
        self.criteria.filter()
    }

    /// As [`AnyFilter::filter`], and with this text in it.
    pub fn with_text(&self, text: OsString) -> Result<Filter, Failure> {
        let Criteria {
            contains,
            contains_integer,
            ..
        } = &self.criteria;
        if contains.is_some() || contains_integer.is_some() {
            let twice = "search TEXT can't be used with --contains or --contains-integer";
            return Err(Failure::Usage(twice.into()));
        }
        Ok(Filter {
            contains: Some(text_needle(&text)?),
            ..self.filter()?
        })
    }
}

impl NeededFilter {
    /// What says something: that no recording is unlike what is asked for is more likely a
    /// mistake.
    pub fn filter(&self) -> Result<Filter, Failure> {
        let filter = self.criteria.filter()?;
        match filter.says_nothing() {
            true => Err(Failure::Usage(
                "these filters match every recording; say which are meant".into(),
            )),
            false => Ok(filter),
        }
    }
}

impl Criteria {
    fn filter(&self) -> Result<Filter, Failure> {
        Ok(Filter {
            view: several(&self.view, |view| {
                Ok(view.strip_prefix("Elixir.").unwrap_or(view).into())
            })?,
            url: self.url.as_ref().map(|part| UrlPart::new(part.as_bytes())),
            path: match (&self.path, &self.path_prefix) {
                (Some(path), _) => Some(PathPart::Exact(path.as_bytes().into())),
                (None, prefix) => prefix
                    .as_ref()
                    .map(|prefix| PathPart::Prefix(prefix.as_bytes().into())),
            },
            subject: self.subjects()?,
            id: self.id.as_ref().map(|id| id.as_bytes().into()),
            from: self.from,
            to: self.to,
            min_events: self.min_events.map(i64::from),
            max_events: self.max_events.map(i64::from),
            min_duration_ms: self.min_duration,
            max_duration_ms: self.max_duration,
            event: several(&self.event, |name| Ok(name.as_bytes().into()))?,
            active: self.active,
            recovered: self.recovered,
            truncated: self.truncated,
            contains: match (&self.contains, &self.contains_integer) {
                (Some(text), _) => Some(text_needle(text)?),
                (None, Some(integer)) => Some(integer_needle(integer)?),
                (None, None) => None,
            },
        })
    }

    fn subjects(&self) -> Result<Option<std::collections::BTreeSet<Subject>>, Failure> {
        let texts = self.subject.iter().map(|text| {
            let subject = Subject::text(text.as_bytes());
            subject.ok_or_else(|| Failure::Usage("a subject has 1 to 255 bytes".into()))
        });
        let integers = self.subject_integer.iter().copied().map(Subject::Integer);
        let subjects = texts.chain(integers.map(Ok)).collect::<Result<_, _>>()?;
        let is_given = !self.subject.is_empty() || !self.subject_integer.is_empty();
        Ok(is_given.then_some(subjects))
    }
}

/// `None` without any.
fn several<G, T>(
    given: &[G],
    one: impl Fn(&G) -> Result<T, Failure>,
) -> Result<Option<Vec<T>>, Failure> {
    match given {
        [] => Ok(None),
        given => given.iter().map(one).collect::<Result<_, _>>().map(Some),
    }
}

fn text_needle(text: &OsString) -> Result<Needle, Failure> {
    let max = replay_store::MAX_NEEDLE_BYTES;
    Needle::text(text.as_bytes())
        .ok_or_else(|| Failure::Usage(format!("a text to search for has 1 to {max} bytes")))
}

fn integer_needle(text: &str) -> Result<Needle, Failure> {
    Needle::integer(text.as_bytes())
        .ok_or_else(|| Failure::Usage("an integer to search for has up to 1024 digits".into()))
}
