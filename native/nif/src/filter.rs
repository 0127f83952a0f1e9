//! What recordings must be like, as `PhoenixReplay.Native.Filter` writes it.

use replay_etf::Needle;
use replay_store::{PathPart, UrlPart};
use rustler::{Binary, Decoder, NifMap, NifResult, NifTaggedEnum, Term};

use crate::subject::Subject;
use crate::terms::Items;

/// The fields of Elixir's struct, under their names there.
#[derive(NifMap)]
#[rustler(decode)]
struct Fields<'a> {
    view: Option<Items<&'a str>>,
    url: Option<Binary<'a>>,
    path: Option<Path<'a>>,
    subject: Option<Items<Subject>>,
    id: Option<Binary<'a>>,
    from: Option<i64>,
    to: Option<i64>,
    min_events: Option<i64>,
    max_events: Option<i64>,
    min_duration_ms: Option<i64>,
    max_duration_ms: Option<i64>,
    event: Option<Items<Binary<'a>>>,
    active: Option<bool>,
    recovered: Option<bool>,
    truncated: Option<bool>,
    contains: Option<Contains<'a>>,
}

/// What is searched for.
#[derive(NifTaggedEnum)]
enum Contains<'a> {
    Text(Binary<'a>),
    /// By its decimal digits.
    Integer(Binary<'a>),
}

impl Contains<'_> {
    fn needle(&self) -> NifResult<Needle> {
        let needle = match self {
            Contains::Text(text) => Needle::text(text),
            Contains::Integer(decimal) => Needle::integer(decimal),
        };
        needle.ok_or(rustler::Error::BadArg)
    }
}

/// `{:exact, path}` or `{:prefix, path}`.
#[derive(NifTaggedEnum)]
enum Path<'a> {
    Exact(Binary<'a>),
    Prefix(Binary<'a>),
}

/// The engine's filter.
pub struct Filter(pub replay_store::Filter);

impl<'a> Decoder<'a> for Filter {
    fn decode(term: Term<'a>) -> NifResult<Self> {
        let fields: Fields = term.decode()?;
        let copied = |bytes: Binary| bytes.as_slice().into();
        Ok(Filter(replay_store::Filter {
            view: fields
                .view
                .map(|Items(names)| names.into_iter().map(Into::into).collect()),
            url: fields.url.map(|part| UrlPart::new(&part)),
            path: fields.path.map(|path| match path {
                Path::Exact(path) => PathPart::Exact(copied(path)),
                Path::Prefix(path) => PathPart::Prefix(copied(path)),
            }),
            subject: fields
                .subject
                .map(|Items(all)| all.into_iter().map(|Subject(known)| known).collect()),
            id: fields.id.map(copied),
            from: fields.from,
            to: fields.to,
            min_events: fields.min_events,
            max_events: fields.max_events,
            min_duration_ms: fields.min_duration_ms,
            max_duration_ms: fields.max_duration_ms,
            event: fields
                .event
                .map(|Items(names)| names.into_iter().map(copied).collect()),
            active: fields.active,
            recovered: fields.recovered,
            truncated: fields.truncated,
            contains: fields.contains.map(|it| it.needle()).transpose()?,
        }))
    }
}
