//! A recording in a list → the tuple that `PhoenixReplay.Native.Summaries`
//! makes a map of. There the keys are part of the code and shared by all maps;
//! here each map would get its own, sorted and checked.

use std::collections::HashMap;
use std::ptr;

use replay_store::{Facts, Item, Subject, View};
use rustler::{Encoder, Env as NifEnv, Term};

use crate::vm::{Env, Raw};
use crate::{subject, view};

/// Items looked at together before their tuples are made.
const BATCH: usize = 32;

/// Makes summaries in one environment.
pub struct Summaries<'a> {
    env: NifEnv<'a>,
    vm: Env,
    nil: Raw,
    yes: Raw,
    no: Raw,
    /// The terms of the views met so far, by address, which equal ones
    /// share: a directory holds thousands of recordings of a few views.
    views: HashMap<*const View, Raw>,
    /// The last URL and its term: those of one application are mostly equal.
    url: Option<(Vec<u8>, Raw)>,
}

/// What a summary is made of, wherever it comes from.
struct Parts<'p> {
    id: &'p [u8],
    view: &'p View,
    url: Option<&'p [u8]>,
    subject: Option<&'p Subject>,
    connected_at: i64,
    event_count: u32,
    duration_ms: i64,
    active: bool,
    recovered: bool,
    truncated: bool,
}

impl<'p> From<&'p Item> for Parts<'p> {
    fn from(item: &'p Item) -> Self {
        match item {
            Item::Stored(entry) => Self::of(&**entry),
            Item::InFlight(recording) => Self::of(&**recording),
        }
    }
}

impl<'p> Parts<'p> {
    fn of(recording: &'p impl Facts) -> Self {
        Self {
            id: recording.id(),
            view: recording.view(),
            url: recording.url(),
            subject: recording.subject(),
            connected_at: recording.connected_at(),
            event_count: recording.event_count(),
            duration_ms: recording.duration_ms(),
            active: recording.is_active(),
            recovered: recording.is_recovered(),
            truncated: recording.is_truncated(),
        }
    }
}

impl<'a> Summaries<'a> {
    /// The tuples of these recordings, as a list.
    pub fn list(env: NifEnv<'a>, items: &[Item]) -> Term<'a> {
        let mut summaries = Self {
            env,
            vm: Env::of(env),
            nil: rustler::types::atom::nil().encode(env).as_c_arg(),
            yes: true.encode(env).as_c_arg(),
            no: false.encode(env).as_c_arg(),
            views: HashMap::new(),
            url: None,
        };
        let mut tuples = Vec::with_capacity(items.len());
        for batch in items.chunks(BATCH) {
            touch(batch);
            tuples.extend(batch.iter().map(|item| summaries.tuple(&item.into())));
        }
        // SAFETY: the tuples were made in this environment.
        unsafe { Term::new(env, summaries.vm.make_list(&tuples)) }
    }

    /// `{id, view, url, connected_at, event_count, duration_ms}`, and behind
    /// them the `subject` of a recording that belongs to somebody, or for one
    /// that is not simply stored `active?, recovered?, truncated?, subject`.
    fn tuple(&mut self, parts: &Parts<'_>) -> Raw {
        let (env, yes, no) = (self.env, self.yes, self.no);
        let integer = |value: i64| value.encode(env).as_c_arg();
        let boolean = |value: bool| if value { yes } else { no };
        let whose = (parts.subject).map_or(self.nil, |it| subject::term(env, it).as_c_arg());
        let stored = !(parts.active || parts.recovered || parts.truncated);
        let seventh = if stored { whose } else { boolean(parts.active) };
        let elements = [
            self.vm.make_binary(parts.id),
            self.view(parts.view),
            self.url(parts.url),
            integer(parts.connected_at),
            integer(parts.event_count.into()),
            integer(parts.duration_ms),
            seventh,
            boolean(parts.recovered),
            boolean(parts.truncated),
            whose,
        ];
        let elements = match (stored, parts.subject) {
            (true, None) => &elements[..6],
            (true, Some(_)) => &elements[..7],
            (false, _) => &elements,
        };
        // SAFETY: the elements were made in this environment.
        unsafe { self.vm.make_tuple(elements) }
    }

    fn view(&mut self, view: &View) -> Raw {
        let env = self.env;
        *self
            .views
            .entry(ptr::from_ref(view))
            .or_insert_with(|| view::stored_term(env, view))
    }

    fn url(&mut self, url: Option<&[u8]>) -> Raw {
        match (url, &self.url) {
            (None, _) => self.nil,
            (Some(url), Some((known, term))) if url == known => *term,
            (Some(url), _) => {
                let term = self.vm.make_binary(url);
                self.url = Some((url.to_vec(), term));
                term
            }
        }
    }
}

/// Brings a batch into the cache. The entries lie scattered in memory; reads
/// that do not depend on each other wait for it together, where making one
/// tuple after the other would wait for each.
fn touch(batch: &[Item]) {
    let sum = batch.iter().fold(0u8, |sum, item| {
        let parts = Parts::from(item);
        let url = parts.url.and_then(<[u8]>::first);
        let whose = parts
            .subject
            .is_some_and(|it| matches!(it, Subject::Integer(_)));
        sum ^ parts.id.first().unwrap_or(&0) ^ url.unwrap_or(&0) ^ u8::from(whose)
    });
    std::hint::black_box(sum);
}
