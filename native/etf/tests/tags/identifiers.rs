//! Pids, ports, references and functions.

use replay_etf::{ErrorKind, Limits, OpaqueKind, Token, Walker};

use super::{bytes, fault, leaf};

/// An atom `a`, as the node of identifiers.
pub(super) const NODE: [u8; 3] = [119, 1, b'a'];

#[test]
fn identifiers_are_handed_out_whole() {
    let word = [0, 0, 0, 7];
    for (kind, term) in [
        (OpaqueKind::Pid, bytes(&[&[103], &NODE, &word, &word, &[3]])),
        (OpaqueKind::Pid, bytes(&[&[88], &NODE, &word, &word, &word])),
        (OpaqueKind::Port, bytes(&[&[102], &NODE, &word, &[3]])),
        (OpaqueKind::Port, bytes(&[&[89], &NODE, &word, &word])),
        (
            OpaqueKind::Port,
            bytes(&[&[120], &NODE, &word, &word, &word]),
        ),
        (OpaqueKind::Reference, bytes(&[&[101], &NODE, &word, &[3]])),
        (
            OpaqueKind::Reference,
            bytes(&[&[114, 0, 2], &NODE, &[3], &word, &word]),
        ),
        (
            OpaqueKind::Reference,
            bytes(&[&[90, 0, 5], &NODE, &word, &[7; 20]]),
        ),
        (OpaqueKind::Export, bytes(&[&[113], &NODE, &NODE, &[97, 2]])),
        (
            OpaqueKind::Export,
            bytes(&[&[113], &NODE, &NODE, &[98, 0, 0, 0, 255]]),
        ),
    ] {
        assert_eq!(leaf(&term), Token::Opaque(kind, &term));
        for length in 0..term.len() {
            let cut = &term[..length];
            let error = Walker::bare(cut, &Limits::default()).token().unwrap_err();
            assert_eq!(error.kind, ErrorKind::UnexpectedEnd, "{cut:?}");
        }
    }
}

#[test]
fn identifiers_made_of_wrong_parts_are_refused() {
    let word = [0, 0, 0, 7];
    // A node that is no atom, a creation with bits that must be zero, a reference too long, an
    // arity that is no small integer.
    assert_eq!(
        fault(&bytes(&[&[88, 97, 1], &[0; 12]])),
        (1, ErrorKind::BadIdentifier)
    );
    assert_eq!(
        fault(&bytes(&[&[102], &NODE, &word, &[4]])),
        (0, ErrorKind::BadIdentifier)
    );
    assert_eq!(
        fault(&bytes(&[&[90, 0, 6], &NODE, &[7; 28]])),
        (0, ErrorKind::BadIdentifier)
    );
    assert_eq!(
        fault(&bytes(&[&[113], &NODE, &NODE, &[98, 0, 0, 1, 0]])),
        (0, ErrorKind::BadIdentifier)
    );
    assert_eq!(
        fault(&bytes(&[&[88, 119, 1, 255], &[0; 12]])),
        (1, ErrorKind::BadAtom)
    );
    assert_eq!(fault(&[88, 82, 0]), (1, ErrorKind::AtomCacheRef));
}

/// A closure over the given encoded terms.
pub(super) fn closure(free_variables: &[&[u8]]) -> Vec<u8> {
    let pid = bytes(&[&[88], &NODE, &[0; 12]]);
    let count = (free_variables.len() as u32).to_be_bytes();
    let free_variables = free_variables.concat();
    let rest = bytes(&[
        &[1],
        &[9; 16],
        &[0; 4],
        &count,
        &NODE,
        b"a\x01b\0\0\0\x02",
        &pid,
        &free_variables,
    ]);
    bytes(&[&[112], &(rest.len() as u32 + 4).to_be_bytes(), &rest])
}

#[test]
fn closures_are_walked_down_to_their_free_variables() {
    let inner = closure(&[b"a\x01"]);
    for term in [
        closure(&[]),
        closure(&[b"h\x02jj", b"j"]),
        closure(&[&inner, &closure(&[&inner])]),
    ] {
        assert_eq!(leaf(&term), Token::Opaque(OpaqueKind::Fun, &term));
    }
    assert_eq!(fault(&closure(&[&[0]])).1, ErrorKind::UnknownTag(0));
}

#[test]
fn closures_must_be_as_long_as_they_state() {
    for mut term in [
        closure(&[]),
        closure(&[b"h\x02jj"]),
        closure(&[&closure(&[b"j"])]),
    ] {
        term[4] += 1;
        assert_eq!(fault(&term), (0, ErrorKind::BadIdentifier));
    }
    let mut inner = closure(&[b"j"]);
    inner[4] -= 1;
    let term = bytes(&[b"h\x02j", &closure(&[&inner])]);
    let start = term.len() - inner.len();
    assert_eq!(fault(&term), (start, ErrorKind::BadIdentifier));
}
