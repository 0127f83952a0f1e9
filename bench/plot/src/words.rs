//! The names of figures, which are made for programs, as people read them.

use crate::axis::grouped;

/// The parts of names that don't say by themselves what they are.
const WORDS: [(&str, &str); 46] = [
    ("1proc", "1 process"),
    ("1proc_p99", "1 process, 99th percentile"),
    ("2proc", "2 processes"),
    ("2proc_p99", "2 processes, 99th percentile"),
    ("8_at_once", "8 at once"),
    ("alone", "against one by one"),
    ("binary_to_term", "against binary_to_term"),
    ("blob_64k", "a new binary of 64 KB"),
    ("blob_again", "the same 64 KB again"),
    ("both_synced", "both synced"),
    ("chat", "a chat"),
    ("counter", "a counter"),
    ("cpu", "CPU time"),
    ("dets", "DETS"),
    ("disk_log", "disk_log"),
    ("ets", "ETS"),
    ("ets_insert", "against an ETS insert"),
    ("fdatasync", "against an fdatasync"),
    ("fixture_session", "real session"),
    ("fixtures", "real sessions"),
    ("form", "a form"),
    ("gzip_size", "size with gzip"),
    ("in_elixir", "its own list, in Elixir"),
    ("large_heap", "large heap"),
    ("large_everywhere", "large, everywhere"),
    ("large_nowhere", "large, nowhere"),
    ("list", "a list"),
    ("list_in_the_middle", "a list in the middle"),
    ("memcpy", "against a memcpy"),
    ("nif_call", "against a NIF call"),
    ("on_tmpfs", "against tmpfs"),
    ("peak_extra", "memory at the peak"),
    ("read_files", "against reading the files"),
    ("small_everywhere", "small, everywhere"),
    ("small_heap", "small heap"),
    ("small_nowhere", "small, nowhere"),
    ("sqlite", "SQLite"),
    ("strings", "against the strings alone"),
    ("table", "a table"),
    ("table_edit", "an edit in a table"),
    ("term_to_binary", "against term_to_binary"),
    ("typical_everywhere", "typical, everywhere"),
    ("typical_nowhere", "typical, nowhere"),
    ("wall", "time"),
    ("zstd_size", "size with zstd"),
    ("list_summaries", "list_summaries"),
];

/// What stands last, and names what it is compared with.
const OTHERS: [&str; 6] = ["dets", "disk_log", "ets", "gzip", "in_elixir", "sqlite"];

/// One part of a name.
pub fn of(part: &str) -> &str {
    WORDS
        .iter()
        .find(|(name, _)| *name == part)
        .map_or(part, |(_, words)| words)
}

/// A name without its section.
pub fn label(name: &str) -> String {
    let parts: Vec<&str> = name.split('/').filter(|part| *part != "limit").collect();
    let last = parts.len().saturating_sub(1);
    let words = parts.iter().enumerate().map(|(index, part)| {
        if let Ok(number) = part.parse::<u32>() {
            grouped(number.into())
        } else if let Some(Ok(number)) = part.strip_prefix("at_").map(str::parse::<u32>) {
            format!("against {} stored", grouped(number.into()))
        } else if index == last && index > 0 && OTHERS.contains(part) {
            format!("against {}", of(part))
        } else if WORDS.iter().any(|(known, _)| known == part) {
            of(part).to_owned()
        } else {
            part.replace('_', " ")
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

/// What was measured at several numbers of stored recordings, which are `N` in its name.
pub fn growth(title: &str) -> String {
    let parts = title.split('/').filter(|part| *part != "N");
    let words: Vec<String> = parts.map(label).collect();
    format!("{}, by number of recordings", words.join(": "))
}

#[cfg(test)]
mod tests {
    use super::{growth, label};

    #[test]
    fn names_are_words() {
        for (name, words) in [
            ("typical/1proc_p99", "typical, 1 process, 99th percentile"),
            ("typical/limit/memcpy", "typical, against a memcpy"),
            ("typical/gzip", "typical, against gzip"),
            ("get/100000/at_1000", "get, 100 000, against 1 000 stored"),
            ("memory/10000/ets", "memory, 10 000, against ETS"),
            (
                "view_longest/1000/in_elixir",
                "view longest, 1 000, against its own list, in Elixir",
            ),
            ("drain", "drain"),
        ] {
            assert_eq!(label(name), words);
        }
        assert_eq!(growth("scale/end/N"), "scale: end, by number of recordings");
    }
}
