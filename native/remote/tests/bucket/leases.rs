//! One node at a time has the lease.

use replay_remote::{Bucket, Claim, FaultKind, Holder, Key, Lease, Tag};
use replay_s3::{Conditions, Quirks, Rule, Trouble};

use crate::support::{Site, bytes, is, name};

fn holder(node: &[u8]) -> Holder {
    Holder {
        node: name(node),
        run: Tag(1),
    }
}

#[track_caller]
fn held(claim: Claim) -> Lease {
    match claim {
        Claim::Held(lease) => lease,
        Claim::Others(lease) => panic!("it is another's: {lease:?}"),
    }
}

#[track_caller]
fn others(claim: Claim) -> Lease {
    match claim {
        Claim::Others(lease) => lease,
        Claim::Held(lease) => panic!("it is ours: {lease:?}"),
    }
}

/// Each server that there may be.
fn everywhere(test: impl Fn(&Site, &Bucket)) {
    for conditions in [Conditions::Kept, Conditions::Refused, Conditions::Ignored] {
        let site = Site::with(Quirks {
            conditions,
            ..Quirks::default()
        });
        test(&site, &site.bucket());
    }
}

#[test]
fn a_lease_is_one_nodes_until_it_runs_out() {
    everywhere(|_, bucket| {
        let (a, b) = (holder(b"a"), holder(b"b"));
        let first = held(Lease::try_take(bucket, &a, 1000, 100).unwrap());
        assert_eq!((first.fence, first.until_ms), (1, 1100));
        let seen = others(Lease::try_take(bucket, &b, 1099, 100).unwrap());
        assert_eq!(seen, first);
        let longer = held(first.renew(bucket, 1050, 100).unwrap());
        assert_eq!((longer.fence, longer.until_ms), (1, 1150));
        let second = held(Lease::try_take(bucket, &b, 1150, 100).unwrap());
        assert_eq!((&second.holder, second.fence), (&b, 2));
        assert_eq!(others(longer.renew(bucket, 1151, 100).unwrap()), second);
        // Another run of a node is another holder.
        let again = Holder { run: Tag(2), ..b };
        others(Lease::try_take(bucket, &again, 1249, 100).unwrap());
        let third = held(Lease::try_take(bucket, &again, 1250, 100).unwrap());
        assert_eq!(third.fence, 3);
    });
}

#[test]
fn a_lease_that_is_given_back_is_free_at_once() {
    everywhere(|_, bucket| {
        let first = held(Lease::try_take(bucket, &holder(b"a"), 1000, 100).unwrap());
        first.clone().release(bucket).unwrap();
        let second = held(Lease::try_take(bucket, &holder(b"b"), 1001, 100).unwrap());
        assert_eq!(second.fence, 2);
        // Who is late gives back nothing.
        first.release(bucket).unwrap();
        let seen = others(Lease::try_take(bucket, &holder(b"c"), 1002, 100).unwrap());
        assert_eq!(seen, second);
    });
}

#[test]
fn what_is_no_lease_keeps_nobody_from_it() {
    everywhere(|_, bucket| {
        for size in [0, 10, 100_000] {
            bucket.put(&Key::Lease, bytes(size)).unwrap();
            let lease = held(Lease::try_take(bucket, &holder(b"a"), 1000, 100).unwrap());
            assert_eq!(lease.fence, 1);
        }
    });
}

#[test]
fn a_lease_that_was_written_is_known_also_if_the_answer_was_lost() {
    let site = Site::new();
    let bucket = site.bucket();
    let a = holder(b"a");
    site.proxy.add(Rule {
        method: Some("PUT"),
        ..Rule::once(Trouble::CutReceiving(0))
    });
    is(
        Lease::try_take(&bucket, &a, 1000, 100),
        FaultKind::Unavailable,
    );
    let lease = held(Lease::try_take(&bucket, &a, 1010, 100).unwrap());
    assert_eq!((lease.fence, lease.until_ms), (1, 1110));
}

#[test]
fn of_many_who_ask_at_once_one_gets_it() {
    // A Garage compares and writes in two steps, so that two may have it, which does no harm.
    let site = Site::local();
    let bucket = site.direct();
    for round in 0..10 {
        let now = 1000 * round;
        let claims: Vec<Claim> = std::thread::scope(|scope| {
            let ask = |node: u8| {
                let bucket = &bucket;
                scope.spawn(move || Lease::try_take(bucket, &holder(&[b'a' + node]), now, 1000))
            };
            let asked: Vec<_> = (0..4).map(ask).collect();
            let answers = asked.into_iter().map(|it| it.join().unwrap().unwrap());
            answers.collect()
        });
        let count = claims
            .iter()
            .filter(|it| matches!(it, Claim::Held(_)))
            .count();
        assert_eq!(count, 1, "{claims:?}");
    }
}
