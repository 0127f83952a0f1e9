//! `export` and `import`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use replay_store::{Beside, Flags, Format, Options, Reader, Store, Subject};
use serde_json::{Value, json};

use crate::support::{Dir, LARGE, Ran};

/// A directory in which a recording has something beside it.
fn owned() -> Dir {
    let dir = Dir::recorded();
    let store = Store::open(dir.path(), Options::default()).unwrap();
    let contents = store.read(LARGE.as_bytes()).unwrap();
    let beside = Beside {
        flags: Flags {
            recovered: true,
            truncated: false,
        },
        subject: Some(Subject::Integer(7)),
    };
    assert!(store.import(&contents, beside, true).unwrap());
    dir
}

/// What there is, whatever the files are called and compressed like.
fn contents(dir: &Dir) -> Vec<(Vec<u8>, Value, Beside)> {
    let reader = Reader::open(dir.path(), Options::default()).unwrap();
    let entries = reader.list().unwrap();
    let read = |id: &[u8]| {
        reader
            .read(id)
            .unwrap()
            .into_json(&Default::default())
            .unwrap()
    };
    let each = entries.iter().map(|entry| {
        let json = serde_json::from_slice(&read(entry.id())).unwrap();
        (entry.id().to_vec(), json, entry.beside())
    });
    let mut contents: Vec<_> = each.collect();
    contents.sort_by(|a, b| a.0.cmp(&b.0));
    contents
}

fn without_beside(contents: Vec<(Vec<u8>, Value, Beside)>) -> Vec<(Vec<u8>, Value, Beside)> {
    let plain = |(id, mut session, beside): (Vec<u8>, Value, Beside)| {
        let members = session.as_object_mut().unwrap();
        for key in ["subject", "recovered", "truncated"] {
            members.remove(key);
        }
        (id, session, beside)
    };
    contents.into_iter().map(plain).collect()
}

#[test]
fn what_is_exported_is_the_same_when_it_is_imported() {
    let from = owned();
    let expected = contents(&from);
    for format in ["json", "ndjson", "etf"] {
        let (out, to) = (Dir::empty(), Dir::empty());
        let path = out.file("export");
        let path = path.to_str().unwrap();
        let ran = from
            .run(&["export", "--format", format, "--output", path])
            .ends(0);
        assert_eq!((&*ran.out, &*ran.err), ("", ""));
        let imported = to.run(&["import", path]).ends(0).out;
        let count = expected.len();
        assert_eq!(
            imported,
            format!("{count} imported, 0 were there already, 0 could not be\n")
        );
        assert_eq!(without_beside(contents(&to)), expected, "{format}");
        // Once more, nothing is new.
        let again = to.run(&["import", path]).ends(0).out;
        assert!(again.starts_with(&format!("0 imported, {count} were there")));
        let again = to.run(&["import", path, "--replace"]).ends(0).out;
        assert!(again.starts_with(&format!("{count} imported")));
        assert_eq!(to.run(&["verify"]).ends(0).err, "");
    }
}

#[test]
fn an_export_to_the_standard_output_can_be_imported_from_the_standard_input() {
    let from = owned();
    for format in ["json", "ndjson"] {
        let to = Dir::empty();
        let mut export = from.command(&["export", "--format", format]);
        let mut export = export.stdout(Stdio::piped()).spawn().unwrap();
        let mut import = to.command(&["import", "-"]);
        let import = import
            .stdin(export.stdout.take().unwrap())
            .output()
            .unwrap();
        Ran::of(import).ends(0);
        assert!(export.wait().unwrap().success());
        assert_eq!(without_beside(contents(&to)), contents(&from), "{format}");
    }
    let all = from.run(&["export", "--format", "json"]).ends(0).json();
    let large = all
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["id"] == LARGE)
        .unwrap();
    assert_eq!(
        (&large["subject"], &large["recovered"]),
        (&json!(7), &json!(true))
    );
    assert_eq!(large.get("truncated"), None);
}

#[test]
fn an_export_is_private_and_a_directory_of_recordings_is_no_place_for_one() {
    let dir = owned();
    let out = Dir::empty();
    let to = out.file("a/b");
    dir.run(&[
        "export",
        "--format",
        "json",
        "--output",
        to.to_str().unwrap(),
    ])
    .ends(0);
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(to.clone()), 0o700);
    assert_eq!(mode(to.join(format!("{LARGE}.json"))), 0o600);
    let before = dir.names();
    for format in ["json", "etf"] {
        let here = dir.path().to_str().unwrap();
        let refused = dir
            .run(&["export", "--format", format, "--output", here])
            .ends(2);
        assert!(refused.err.contains("replay import"), "{}", refused.err);
    }
    assert_eq!(dir.names(), before);
    let none = dir.run(&["export", "--id", "nobody"]).ends(1);
    assert_eq!(
        (none.out.as_str(), none.err.as_str()),
        ("", "no recordings match\n")
    );
    dir.run(&["export", "--output", "/nowhere/x"]).ends(3);
}

#[test]
fn a_term_is_exported_as_it_is() {
    let dir = Dir::recorded();
    let output = dir
        .command(&["export", "--format", "etf", "--id", LARGE])
        .output()
        .unwrap();
    let reader = Reader::open(dir.path(), Options::default()).unwrap();
    let contents = reader.read(LARGE.as_bytes()).unwrap();
    assert_eq!(
        (contents.format, contents.bytes),
        (Format::Etf, output.stdout)
    );
    let json = dir
        .run(&["export", "--format", "etf", "--id", "278yPQ"])
        .ends(2);
    assert!(json.err.contains("JSON"));
}

#[test]
fn a_directory_of_the_pure_elixir_backend_is_imported_with_what_is_whole_in_it() {
    let (from, to) = (Dir::recorded(), Dir::empty());
    let count = from.names().len();
    let source = from.path().to_str().unwrap();
    to.run(&["import", source]).ends(0);
    assert_eq!(to.names(), from.names());
    assert_eq!(contents(&to), contents(&from));
    fs::write(from.file("torn.etf.gz"), b"\x1f\x8b\x08").unwrap();
    let torn = to.run(&["import", source]).ends(3);
    assert!(
        torn.out
            .contains(&format!("{count} were there already, 1 could not be"))
    );
    assert!(torn.err.contains("torn.etf.gz: "));
    assert!(!from.file(".native").exists(), "the source is only read");
}

#[test]
fn lines_that_are_no_recordings_are_named() {
    let (dir, to) = (Dir::empty(), Dir::empty());
    let good = r#"{"id": "a", "connected_at": 1, "events": [], "subject": "ada"}"#;
    let file = dir.file("lines");
    fs::write(
        &file,
        format!(
            "{good}\n\nnonsense\n{{}}\n{}\n",
            good.replace("\"a\"", "\"b\"")
        ),
    )
    .unwrap();
    let ran = to.run(&["import", file.to_str().unwrap()]).ends(3);
    assert_eq!(
        ran.out,
        "2 imported, 0 were there already, 2 could not be\n"
    );
    assert!(ran.err.contains(", line 3: not a recording: ") && ran.err.contains(", line 4: "));
    assert_eq!(to.ids(&["--subject", "ada"]).len(), 2);
    fs::write(&file, "\n").unwrap();
    to.run(&["import", file.to_str().unwrap()]).ends(1);
    to.run(&["import", "/nowhere"]).ends(3);
}
