//! The assigns of a session as its events make them.

use serde_json::{Map, Value, json};

type Assigns = Map<String, Value>;

/// The assigns as they were at an event, that one included.
pub fn at(events: &[Value], at: usize) -> Assigns {
    let mut assigns = Assigns::new();
    for event in events.iter().take(at.saturating_add(1)) {
        apply(&mut assigns, event);
    }
    assigns
}

/// Does to the assigns what an event did. Returns whether it was one about them.
pub fn apply(assigns: &mut Assigns, event: &Value) -> bool {
    let payload = |key| event.get("payload")?.get(key)?.as_object();
    match event.get("type").and_then(Value::as_str) {
        Some("mount") => replace(assigns, payload("assigns")),
        Some("assigns") => match payload("delta") {
            Some(delta) => {
                assigns.extend(delta.clone());
                true
            }
            None => replace(assigns, payload("snapshot")),
        },
        _ => false,
    }
}

fn replace(assigns: &mut Assigns, by: Option<&Assigns>) -> bool {
    if let Some(by) = by {
        assigns.clone_from(by);
    }
    by.is_some()
}

/// Something that is another one than before.
#[derive(Debug, PartialEq)]
pub struct Change {
    /// Where it is: keys and positions, `tasks.0.title`.
    pub path: String,
    /// `None` where there was nothing.
    pub old: Option<Value>,
    /// `None` where there is nothing now.
    pub new: Option<Value>,
}

impl Change {
    pub fn to_json(&self) -> Value {
        let mut json = json!({"path": self.path});
        if let Value::Object(members) = &mut json {
            let values = [("old", &self.old), ("new", &self.new)];
            let given = values.into_iter().filter_map(|(key, value)| {
                let value = value.as_ref()?;
                Some((key.to_owned(), value.clone()))
            });
            members.extend(given);
        }
        json
    }
}

/// What differs, as deep inside as it can be told.
pub fn changes(before: &Assigns, now: &Assigns) -> Vec<Change> {
    let mut changes = Vec::new();
    compare_members("", before, now, &mut changes);
    changes
}

fn compare_members(path: &str, old: &Assigns, new: &Assigns, changes: &mut Vec<Change>) {
    for (key, value) in old {
        compare(&within(path, key), Some(value), new.get(key), changes);
    }
    for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
        compare(&within(path, key), None, Some(value), changes);
    }
}

fn compare(path: &str, old: Option<&Value>, new: Option<&Value>, changes: &mut Vec<Change>) {
    if old == new {
        return;
    }
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            compare_members(path, old, new, changes);
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for at in 0..old.len().max(new.len()) {
                compare(
                    &within(path, &at.to_string()),
                    old.get(at),
                    new.get(at),
                    changes,
                );
            }
        }
        _ => changes.push(Change {
            path: path.to_owned(),
            old: old.cloned(),
            new: new.cloned(),
        }),
    }
}

fn within(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> Vec<Value> {
        vec![
            json!({"offset": 0, "type": "mount", "payload": {"assigns": {"a": 1, "b": [1, 2]}}}),
            json!({"offset": 1, "type": "event", "payload": {"name": "add", "params": {}}}),
            json!({"offset": 2, "type": "assigns", "payload": {"delta": {"b": [1, 3, 4]}}}),
            json!({"offset": 3, "type": "assigns", "payload": {"snapshot": {"c": {"d": null}}}}),
            json!({"offset": 4, "type": "assigns", "payload": {"delta": {"c": {"d": 5}}}}),
        ]
    }

    #[test]
    fn a_delta_is_merged_and_a_snapshot_takes_the_place_of_all() {
        let events = events();
        let at = |number| Value::Object(at(&events, number));
        assert_eq!(at(0), json!({"a": 1, "b": [1, 2]}));
        assert_eq!(at(1), at(0));
        assert_eq!(at(2), json!({"a": 1, "b": [1, 3, 4]}));
        assert_eq!(at(3), json!({"c": {"d": null}}));
        assert_eq!(at(99), json!({"c": {"d": 5}}));
    }

    #[test]
    fn a_change_is_told_where_it_is() {
        let events = events();
        let between = |before, now| {
            let changes = changes(&at(&events, before), &at(&events, now));
            Value::from_iter(changes.iter().map(Change::to_json))
        };
        assert_eq!(between(0, 1), json!([]));
        assert_eq!(
            between(1, 2),
            json!([{"path": "b.1", "old": 2, "new": 3}, {"path": "b.2", "new": 4}])
        );
        assert_eq!(
            between(3, 4),
            json!([{"path": "c.d", "old": null, "new": 5}])
        );
        assert_eq!(
            between(2, 3),
            json!([
                {"path": "a", "old": 1},
                {"path": "b", "old": [1, 3, 4]},
                {"path": "c", "new": {"d": null}}
            ])
        );
    }
}
