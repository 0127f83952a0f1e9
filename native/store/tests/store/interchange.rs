use replay_etf::Limits;
use replay_store::{Format, View};
use serde_json::Value;

use crate::support::{Dir, entry, fixture};

fn manifest() -> Vec<Value> {
    serde_json::from_slice(&fixture("manifest.json")).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

#[test]
fn everything_the_elixir_backend_wrote_is_listed_and_read() {
    let dir = Dir::new();
    for recording in manifest() {
        let file = text(&recording, "file");
        dir.write(file.split_once('/').unwrap().1, &fixture(file));
    }
    let store = dir.open();
    assert_eq!(store.list().unwrap().len(), manifest().len());
    for recording in manifest() {
        let id = text(&recording, "id");
        let entry = entry(&store, id);
        let view = match (&*entry.view, entry.format) {
            (View::Atom(name), Format::Etf) => name.strip_prefix("Elixir.").unwrap(),
            (View::Name(name), Format::Json) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(view, text(&recording, "view"));
        assert_eq!(
            entry.url.as_deref(),
            recording["url"].as_str().map(str::as_bytes)
        );
        assert_eq!(Some(entry.connected_at), recording["connected_at"].as_i64());
        assert_eq!(
            Some(entry.event_count.into()),
            recording["event_count"].as_u64()
        );
        assert_eq!(Some(entry.duration_ms), recording["duration_ms"].as_i64());
        let user_events = recording["event_types"]["event"].as_u64().unwrap_or(0);
        assert_eq!(entry.names.iter().len() > 0, user_events > 0);
        assert!(entry.file_name().starts_with(id));

        let contents = store.read(id.as_bytes()).unwrap();
        assert_eq!(contents.format, entry.format);
        assert_eq!(
            Some(contents.bytes.len() as u64),
            recording["raw_bytes"].as_u64()
        );
    }
    assert_eq!(store.take_damage(), []);
}

#[test]
fn a_recording_saved_again_is_the_same_for_the_elixir_backend() {
    let dir = Dir::new();
    let store = dir.open();
    for recording in manifest()
        .iter()
        .filter(|recording| text(recording, "file").contains("etf"))
    {
        let file = text(recording, "file").split_once('/').unwrap().1;
        dir.write(file, &fixture(text(recording, "file")));
        let id = text(recording, "id");
        let before = store.read(id.as_bytes()).unwrap();
        store.save(&before.bytes, Format::Etf).unwrap();
        assert_eq!(store.read(id.as_bytes()).unwrap(), before);
        assert_eq!(entry(&store, id).file_name(), format!("{id}.etf.gz"));
    }
}

#[test]
fn a_recording_saved_as_json_is_summarized_alike() {
    let dir = Dir::new();
    dir.write("x.etf.gz", &fixture("etf/4x1F5sfmxsxIadPy39mHkw.etf.gz"));
    let store = dir.open();
    let id = "4x1F5sfmxsxIadPy39mHkw";
    let etf = entry(&store, id);
    store
        .save(&store.read(id.as_bytes()).unwrap().bytes, Format::Json)
        .unwrap();
    let json = entry(&store, id);
    assert_eq!(dir.names(), [format!("{id}.json.gz")]);
    assert_eq!(*json.view, View::Name("LabAppWeb.TaskLive".into()));
    assert_eq!(
        (
            json.connected_at,
            json.event_count,
            json.duration_ms,
            &json.names,
            &json.url
        ),
        (
            etf.connected_at,
            etf.event_count,
            etf.duration_ms,
            &etf.names,
            &etf.url
        )
    );
    let text = store.read(id.as_bytes()).unwrap().bytes;
    let value: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(value["id"], id);
}

#[test]
fn a_compressed_term_is_given_out_plain() {
    let dir = Dir::new();
    let etf = crate::support::Recording::new("x").events(50).etf();
    let mut compressor = libdeflater::Compressor::new(Default::default());
    let mut zlib = vec![0; compressor.zlib_compress_bound(etf.len())];
    let len = compressor.zlib_compress(&etf[1..], &mut zlib).unwrap();
    let size = (etf.len() as u32 - 1).to_be_bytes();
    let compressed = [&[131, 80][..], &size, &zlib[..len]].concat();
    dir.write("x.etf", &compressed);
    let contents = dir.open().read(b"x").unwrap();
    assert_eq!(contents.bytes, etf);
    replay_etf::validate(&contents.bytes, &Limits::default()).unwrap();
}
