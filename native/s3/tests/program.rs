//! The program that tests in other languages start.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

#[test]
fn it_tells_its_port_makes_trouble_and_ends_with_its_input() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_replay-s3-server"))
        .arg(folder.path())
        .args(["id", "key", "one", "two"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut orders = program.stdin.take().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    let port: u16 = line().strip_prefix("port ").unwrap().parse().unwrap();
    assert!(folder.path().join("one").is_dir() && folder.path().join("two").is_dir());

    let ask_at = |port| {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
        write!(
            socket,
            "GET /one HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
        )
        .ok()?;
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).ok()?;
        Some(String::from_utf8_lossy(&answer).into_owned())
    };
    let ask = || ask_at(port);
    // Whoever has not signed.
    assert_eq!(ask().as_deref(), Some("HTTP/1.1 403"));
    for (order, answer, status) in [
        ("answer 503 SlowDown", "ok", Some("HTTP/1.1 503")),
        ("nonsense", "?", Some("HTTP/1.1 503")),
        ("refuse", "ok", None),
        ("clear", "ok", Some("HTTP/1.1 403")),
        ("cut-sending 5", "ok", None),
        ("count", "5", None),
    ] {
        writeln!(orders, "{order}").unwrap();
        assert_eq!(line(), answer, "{order}");
        assert_eq!(ask().as_deref(), status, "{order}");
    }
    // Nobody makes trouble there.
    writeln!(orders, "refuse\ndirect").unwrap();
    assert_eq!(line(), "ok");
    let direct = line().parse().unwrap();
    assert_eq!(ask_at(direct).as_deref(), Some("HTTP/1.1 403"));
    drop(orders);
    assert!(program.wait().unwrap().success());
}

#[test]
fn one_that_was_killed_starts_again_at_its_port_with_what_it_had() {
    let folder = tempfile::TempDir::new().unwrap();
    let start = |port: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_replay-s3-server"))
            .args(port)
            .arg(folder.path())
            .args(["id", "key", "one"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let port_of = |program: &mut std::process::Child| {
        let mut line = String::new();
        let mut out = BufReader::new(program.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        line.trim().strip_prefix("port ").unwrap().to_owned()
    };
    let mut first = start(&[]);
    let port = port_of(&mut first);
    std::fs::write(folder.path().join("one/kept"), "bytes").unwrap();
    // Without a word, as kill -9.
    first.kill().unwrap();
    first.wait().unwrap();
    let mut second = start(&["--port", &port]);
    assert_eq!(port_of(&mut second), port);
    assert!(TcpStream::connect(("127.0.0.1", port.parse().unwrap())).is_ok());
    assert_eq!(
        std::fs::read(folder.path().join("one/kept")).unwrap(),
        b"bytes"
    );
    drop(second.stdin.take());
    assert!(second.wait().unwrap().success());
}
