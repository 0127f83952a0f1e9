//! URIs as keys of maps, as the pure-Elixir backend writes them there: as `to_string/1` of `URI` does.

use std::fmt::Write as _;

use crate::{Limits, Token, Walker};

/// More than the struct has fields.
const MAX_FIELDS: u32 = 16;

#[derive(Default)]
struct Fields<'a> {
    scheme: Option<&'a str>,
    userinfo: Option<&'a str>,
    host: Option<&'a str>,
    port: Option<i64>,
    path: Option<&'a str>,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
    authority: Option<&'a str>,
    is_uri: bool,
}

/// The text of a term, and how many bytes it takes, if it is a `URI`.
pub(super) fn plain(term: &[u8]) -> Option<(String, usize)> {
    let mut ahead = Walker::bare(term, &Limits::default());
    let Token::Map(pairs @ 1..=MAX_FIELDS) = ahead.token().ok()? else {
        return None;
    };
    let mut fields = Fields::default();
    for _ in 0..pairs {
        fields.read(&mut ahead)?;
    }
    Some((fields.text()?, ahead.offset()))
}

impl<'a> Fields<'a> {
    fn read(&mut self, walker: &mut Walker<'a>) -> Option<()> {
        let Token::Atom(key) = walker.token().ok()? else {
            return None;
        };
        let value = walker.token().ok()?;
        match (&*key.to_str(), value) {
            ("__struct__", Token::Atom(module)) => self.is_uri = module.is("Elixir.URI"),
            ("port", Token::Integer(port)) => self.port = Some(port),
            (key, Token::Binary(text)) => *self.part(key)? = Some(str::from_utf8(text).ok()?),
            ("port", Token::Atom(nil)) if nil.is("nil") => {}
            (key, Token::Atom(nil)) if nil.is("nil") => *self.part(key)? = None,
            _ => return None,
        }
        Some(())
    }

    fn part(&mut self, key: &str) -> Option<&mut Option<&'a str>> {
        Some(match key {
            "scheme" => &mut self.scheme,
            "userinfo" => &mut self.userinfo,
            "host" => &mut self.host,
            "path" => &mut self.path,
            "query" => &mut self.query,
            "fragment" => &mut self.fragment,
            "authority" => &mut self.authority,
            _ => return None,
        })
    }

    fn text(&self) -> Option<String> {
        let path = self.path.unwrap_or_default();
        // There it raises.
        let is_relative = !path.is_empty() && !path.starts_with('/');
        if !self.is_uri || (self.host.is_some() && is_relative) {
            return None;
        }
        let mut out = String::new();
        if let Some(scheme) = self.scheme {
            write!(out, "{scheme}:").ok()?;
        }
        match (self.host, self.authority) {
            (Some(host), _) => self.authority(host, &mut out)?,
            (None, Some(authority)) => write!(out, "//{authority}").ok()?,
            (None, None) => {}
        }
        out.push_str(path);
        for (mark, part) in [('?', self.query), ('#', self.fragment)] {
            if let Some(part) = part {
                write!(out, "{mark}{part}").ok()?;
            }
        }
        Some(out)
    }

    fn authority(&self, host: &str, out: &mut String) -> Option<()> {
        out.push_str("//");
        if let Some(userinfo) = self.userinfo {
            write!(out, "{userinfo}@").ok()?;
        }
        // Nothing but an address of IPv6 has a colon.
        match host.contains(':') {
            true => write!(out, "[{host}]").ok()?,
            false => out.push_str(host),
        }
        let usual = self.scheme.and_then(usual_port);
        match self.port {
            Some(port) if Some(port) != usual => write!(out, ":{port}").ok(),
            _ => Some(()),
        }
    }
}

/// The ports that `URI` knows by itself.
fn usual_port(scheme: &str) -> Option<i64> {
    Some(match scheme {
        "ftp" => 21,
        "sftp" => 22,
        "tftp" => 69,
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        "ldap" => 389,
        "ldaps" => 636,
        _ => return None,
    })
}
