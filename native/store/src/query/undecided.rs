use std::mem;
use std::sync::Arc;

use super::address::ByAddress;
use super::{Answer, Filter, content};
use crate::directory::Files;
use crate::error::Error;
use crate::index::{Entry, Index};
use crate::watch::scan::spread;

/// The recordings of which what is known does not tell whether they match, and what their content
/// says.
#[derive(Default)]
pub(super) struct Undecided {
    /// The entries are kept, so that no other one gets the address of one that went.
    decided: ByAddress<Entry, (Arc<Entry>, bool)>,
    open: Vec<Arc<Entry>>,
}

impl Undecided {
    /// Whether a recording matches, of which what is known gives this answer. Where that is not
    /// decided yet, it is asked again.
    pub(super) fn matches(&mut self, entry: &Arc<Entry>, answer: Answer) -> bool {
        if answer != Answer::Perhaps {
            return answer == Answer::Yes;
        }
        if let Some((_, matches)) = self.decided.get(&Arc::as_ptr(entry)) {
            return *matches;
        }
        self.open.push(Arc::clone(entry));
        false
    }

    /// Reads those that are open, by several threads.
    fn decide(&mut self, files: &Files, filter: &Filter) -> Result<(), Error> {
        let open = mem::take(&mut self.open);
        let threads = files.options.threads;
        let decided = spread(
            &open,
            threads,
            || (),
            |entry, ()| matches(files, filter, entry),
        );
        for (entry, matches) in open.into_iter().zip(decided) {
            let address = Arc::as_ptr(&entry);
            self.decided.insert(address, (entry, matches?));
        }
        Ok(())
    }
}

/// Goes over the index, again and again, until it is decided of all that are there which of them
/// match. No lock is held while files are read.
///
/// # Errors
///
/// [`Error::Io`] if one of them can't be read.
pub(super) fn settled<R>(
    files: &Files,
    filter: &Filter,
    pass: impl Fn(&Index, &mut Undecided) -> R,
) -> Result<R, Error> {
    let mut undecided = Undecided::default();
    loop {
        let result = pass(&files.index.read(), &mut undecided);
        if undecided.open.is_empty() {
            return Ok(result);
        }
        undecided.decide(files, filter)?;
        files.write_journal();
    }
}

/// Whether a recording matches, of which all that is known does.
fn matches(files: &Files, filter: &Filter, entry: &Arc<Entry>) -> Result<bool, Error> {
    // Then another entry stands for it, and is asked.
    if entry.pages.is_unknown() && files.learn_pages(entry) {
        return Ok(false);
    }
    // Its content has no subject.
    let is_of_subject = filter.matches_subject(entry.subject.as_deref());
    let matches = files.read_with(entry.id(), |format, bytes| {
        let limits = files.loader.limits_of(format);
        is_of_subject && content::decide(filter, entry.url.as_deref(), format, bytes, &limits)
    });
    match matches {
        // Then the index knows that now.
        Err(Error::NotFound | Error::Damaged { .. }) => Ok(false),
        matches => matches,
    }
}
