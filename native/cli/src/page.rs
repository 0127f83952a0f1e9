//! A session as a page for a browser.

use serde_json::Value;

/// The page of a session, given in its JSON form.
pub fn page(session: &Value) -> String {
    let json = format!("{session:#}");
    let json = json.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>Session</title>\n<pre>{json}</pre>\n"
    )
}
