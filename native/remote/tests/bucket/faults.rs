//! Whatever goes wrong on the way is a fault of its kind, and says nothing that it should not.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use replay_remote::{Cursor, FaultKind, Options};
use replay_s3::{Rule, Trouble};

use crate::support::{Site, bytes, is, open, options, recording, rows};

use FaultKind::*;

#[test]
fn an_answer_is_the_fault_that_it_tells() {
    let site = Site::new();
    let bucket = site.bucket();
    for (status, code, kind) in [
        (403, "AccessDenied", Denied),
        (404, "NoSuchBucket", NoBucket),
        (404, "NoSuchKey", NotFound),
        (429, "TooManyRequests", Throttled),
        (500, "InternalError", Unavailable),
        (503, "SlowDown", Throttled),
        (503, "ServiceUnavailable", Unavailable),
        (301, "PermanentRedirect", Denied),
    ] {
        site.proxy.clear();
        site.proxy.add(Rule::always(Trouble::Answer(status, code)));
        let faults = [
            bucket.put(&rows(0), bytes(100_000)).unwrap_err(),
            bucket.get(&rows(0), 9).unwrap_err(),
            bucket.list(&Cursor::start()).unwrap_err(),
            bucket.days().unwrap_err(),
        ];
        for fault in faults {
            assert_eq!(
                (fault.kind(), fault.status()),
                (kind, Some(status)),
                "{fault}"
            );
            assert_eq!(fault.code(), Some(code));
        }
    }
    let requests = bucket.requests();
    let asked = requests.puts + requests.gets + requests.lists;
    assert_eq!((asked, requests.failed), (32, 32), "none is tried again");
}

#[test]
fn an_answer_without_a_body_is_told_by_its_status() {
    let site = Site::new();
    let bucket = site.bucket();
    for (status, kind) in [(403, Denied), (404, NotFound), (503, Unavailable)] {
        site.proxy.add(Rule::once(Trouble::Answer(status, "")));
        is(bucket.head(&rows(0)), kind);
    }
}

#[test]
fn the_server_itself_tells_what_is_wrong() {
    let site = Site::new();
    let wrong = |id: &str, key: &str| Options {
        access_key_id: Some(id.to_owned().into()),
        secret_access_key: Some(key.to_owned().into()),
        ..site.options()
    };
    for (id, key) in [
        ("AKIAEXAMPLE", "hidden-other"),
        ("AKIAOTHER", "hidden-other"),
    ] {
        let bucket = open(&site.place(""), &wrong(id, key));
        let fault = bucket.put(&rows(0), bytes(1)).unwrap_err();
        assert_eq!(fault.kind(), Denied, "{fault}");
        assert!(!format!("{fault} {fault:?} {bucket:?}").contains("hidden"));
        is(bucket.list(&Cursor::start()), Denied);
        is(bucket.head(&rows(0)), Denied);
    }
    let missing = open("s3://no-such-bucket", &site.options());
    is(missing.put(&rows(0), bytes(1)), NoBucket);
    is(missing.get(&rows(0), 1), NoBucket);
    is(missing.list(&Cursor::start()), NoBucket);
    is(missing.days(), NoBucket);
    is(missing.delete(&rows(0)), NoBucket);
}

#[test]
fn a_connection_that_is_refused_can_be_made_later() {
    let site = Site::new();
    let bucket = site.bucket();
    bucket.put(&rows(0), bytes(1)).unwrap();
    site.proxy.refuse(true).unwrap();
    is(bucket.put(&rows(0), bytes(1)), Unavailable);
    is(bucket.list(&Cursor::start()), Unavailable);
    site.proxy.refuse(false).unwrap();
    assert_eq!(bucket.get(&rows(0), 1), Ok(bytes(1)));
}

#[test]
fn a_connection_may_be_cut_anywhere() {
    let site = Site::new();
    let bucket = site.bucket();
    let key = recording(0, b"a.etf.gz");
    bucket.put(&key, bytes(300_000)).unwrap();
    for after in [0, 10, 700, 200_000] {
        site.proxy.add(Rule::once(Trouble::CutSending(after)));
        is(bucket.put(&rows(1), bytes(3_000_000)), Unavailable);
    }
    is(bucket.get(&rows(1), 9), NotFound);
    for after in [0, 10, 700, 200_000] {
        site.proxy.add(Rule::once(Trouble::CutReceiving(after)));
        is(bucket.get(&key, 300_000), Unavailable);
    }
    site.proxy.add(Rule::once(Trouble::CutReceiving(300)));
    is(bucket.list(&Cursor::start()), Unavailable);
    assert_eq!(bucket.get(&key, 300_000), Ok(bytes(300_000)));
}

#[test]
fn a_body_that_is_shorter_than_told_is_no_object() {
    let site = Site::new();
    let bucket = site.bucket();
    bucket.put(&rows(0), bytes(1000)).unwrap();
    for missing in [1, 999, 1000] {
        site.proxy.add(Rule::once(Trouble::Short(missing)));
        is(bucket.get(&rows(0), 1000), Unavailable);
    }
    site.proxy.add(Rule::once(Trouble::Short(10)));
    is(bucket.list(&Cursor::start()), Unavailable);
}

#[test]
fn what_stops_on_its_way_is_given_up() {
    let site = Site::new();
    let bucket = site.hasty();
    let key = recording(0, b"a.etf.gz");
    site.direct().put(&key, bytes(300_000)).unwrap();
    for trouble in [
        Trouble::StallReceiving(0),
        Trouble::StallReceiving(10),
        Trouble::StallReceiving(100_000),
        Trouble::StallSending(usize::MAX),
    ] {
        site.proxy.add(Rule::once(trouble));
        is(bucket.get(&key, 300_000), Unavailable);
    }
    // More than the kernels on both sides take.
    site.proxy.add(Rule::once(Trouble::StallSending(1000)));
    is(bucket.put(&rows(0), bytes(30_000_000)), Unavailable);
    assert!(bucket.requests().sent_bytes < 30_000_000);
    site.proxy
        .add(Rule::once(Trouble::StallSending(usize::MAX)));
    is(bucket.delete(&rows(0)), Unavailable);
}

#[test]
fn what_is_slow_is_waited_for() {
    let site = Site::new();
    let bucket = site.hasty();
    let key = recording(0, b"a.etf.gz");
    // Three times as long as may pass without a byte.
    site.proxy.add(Rule::always(Trouble::Slow(100_000)));
    bucket.put(&key, bytes(90_000)).unwrap();
    assert_eq!(bucket.get(&key, 90_000), Ok(bytes(90_000)));
}

#[test]
fn a_bucket_that_is_stopped_keeps_nobody() {
    let site = Site::new();
    let bucket = site.bucket();
    site.proxy
        .add(Rule::always(Trouble::StallSending(usize::MAX)));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| bucket.put(&rows(0), bytes(10)));
        let many = scope.spawn(|| {
            let mut kinds = Vec::new();
            let wanted = (0..50).map(|it| (rows(it), 10));
            bucket.get_many(wanted, 4, |_, result| {
                kinds.push(result.unwrap_err().kind())
            });
            kinds
        });
        // Until both have asked; the proxy answers none.
        while bucket.requests().puts + bucket.requests().gets < 5 {
            thread::sleep(Duration::from_millis(1));
        }
        bucket.clone().stop();
        is(waiting.join().unwrap(), Stopped);
        assert_eq!(many.join().unwrap(), vec![Stopped; 50]);
    });
    let asked = bucket.requests();
    is(bucket.list(&Cursor::start()), Stopped);
    assert_eq!(bucket.requests(), asked);
}

#[test]
fn an_answer_that_makes_no_sense_is_no_object() {
    let site = Site::new();
    let bucket = site.bucket();
    bucket.put(&rows(0), bytes(10)).unwrap();
    for (head, kind) in [
        // Without a length there is no telling whether it is whole.
        ("HTTP/1.1 200 OK\r\netag: \"x\"\r\n\r\nabc", Invalid),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n",
            TooLarge,
        ),
        // Two lengths, of which the larger one would be made room for.
        (
            "HTTP/1.1 200 OK\r\netag: \"x\"\r\ncontent-length: 100000000000000\r\n\
             transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            TooLarge,
        ),
        (
            "HTTP/1.1 200 OK\r\netag: \"x\"\r\ncontent-length: 100000000000000\r\n\
             transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n",
            TooLarge,
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", Unavailable),
        ("no http at all\r\n\r\n", Unavailable),
        (
            "HTTP/1.1 503 Slow\r\ncontent-length: 6\r\n\r\n<Error",
            Unavailable,
        ),
    ] {
        site.proxy.add(Rule::once(Trouble::Instead(head)));
        is(bucket.get(&rows(0), 10), kind);
    }
}

#[test]
fn nobody_there_is_told_without_an_address() {
    let site = Site::local();
    let address = site.address();
    drop(site);
    // It ends in the background.
    while TcpStream::connect(address).is_ok() {
        thread::sleep(Duration::from_millis(5));
    }
    let bucket = open("s3://replays/secret-place", &options(address));
    let fault = bucket.put(&rows(0), bytes(1)).unwrap_err();
    assert_eq!(fault.to_string(), "the server can't be reached");
    let shown = format!("{fault:?}");
    assert!(
        !shown.contains("127.0.0.1") && !shown.contains("secret"),
        "{shown}"
    );
}

#[test]
fn that_there_is_no_object_is_for_the_bucket_to_say() {
    let site = Site::new();
    let bucket = site.bucket();
    bucket.put(&rows(0), bytes(10)).unwrap();
    let version = bucket.head(&rows(0)).unwrap().e_tag.unwrap();
    for head in [
        // As whoever stands before a server says it while the server is not there.
        "HTTP/1.1 404 Not Found\r\ncontent-length: 19\r\n\r\n404 page not found\n",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        // Cut, and larger than anybody reads.
        "HTTP/1.1 404 Not Found\r\ncontent-length: 50\r\n\r\n<Error><Code>NoSuchKey</Code>",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 70000\r\n\r\n<Error><Code>NoSuchKey</Code>",
        "HTTP/1.1 404 Not Found\r\n\r\n<Error><Code>NoSuchWebsite</Code></Error>",
    ] {
        site.proxy.add(Rule::always(Trouble::Instead(head)));
        let fault = bucket.get(&rows(0), 10).unwrap_err();
        let shown = fault.to_string();
        assert!(
            shown.starts_with("what answered is no S3 server"),
            "{shown}"
        );
        assert_eq!((fault.kind(), fault.status()), (Unavailable, Some(404)));
        is(bucket.put(&rows(1), bytes(1)), Unavailable);
        is(bucket.put_new(&rows(2), bytes(1)), Unavailable);
        is(bucket.put_over(&rows(0), &version, bytes(10)), Unavailable);
        is(bucket.list(&Cursor::start()), Unavailable);
        is(bucket.days(), Unavailable);
        is(bucket.delete(&rows(3)), Unavailable);
        site.proxy.clear();
    }
    // What a bucket says is another thing.
    let none = Trouble::Answer(404, "NoSuchKey");
    site.proxy.add(Rule::always(none));
    is(bucket.put_over(&rows(0), &version, bytes(1)), Exists);
    bucket.delete(&rows(0)).unwrap();
    is(bucket.get(&rows(0), 10), NotFound);
    is(bucket.head(&rows(0)), NotFound);
}

#[test]
fn an_answer_that_says_more_than_there_is_to_say_is_refused() {
    let site = Site::new();
    let bucket = site.bucket();
    let large = "HTTP/1.1 200 OK\r\netag: \"x\"\r\ncontent-length: 100000000000000\r\n\r\nabc";
    site.proxy.add(Rule::always(Trouble::Instead(large)));
    is(bucket.put(&rows(0), bytes(1)), Invalid);
    is(bucket.delete(&rows(0)), Invalid);
    is(bucket.list(&Cursor::start()), Invalid);
}

#[test]
fn an_object_without_a_time_is_not_told_of() {
    let site = Site::new();
    let bucket = site.bucket();
    bucket.put(&rows(0), bytes(10)).unwrap();
    // The bucket's clock is known by it, and would be wrong by decades.
    for head in [
        "HTTP/1.1 200 OK\r\netag: \"x\"\r\ncontent-length: 10\r\n\r\n",
        "HTTP/1.1 200 OK\r\netag: \"x\"\r\ncontent-length: 10\r\n\
         last-modified: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n",
        "HTTP/1.1 200 OK\r\netag: \"x\"\r\ncontent-length: 10\r\n\
         last-modified: Wed, 31 Dec 1969 23:00:00 GMT\r\n\r\n",
    ] {
        site.proxy.add(Rule::once(Trouble::Instead(head)));
        is(bucket.head(&rows(0)), Invalid);
    }
    assert!(bucket.head(&rows(0)).unwrap().modified_ms > 0);
}
