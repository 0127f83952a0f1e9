//! Requests by what they are for, and what they carry.

use serde::Serialize;

use crate::settings::Settings;

/// What a request is for. The order is that of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Kind {
    PutRecording,
    PutRows,
    PutTombstone,
    PutPresence,
    ListPoll,
    ListWalk,
    ListNodes,
    ListNewNode,
    GetRows,
    GetBody,
    GetTombstone,
    GetForUser,
    GetNewNode,
    Delete,
}

/// How a request is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// PUT and LIST.
    Write,
    /// GET and HEAD.
    Read,
    /// DELETE.
    Free,
}

pub const KINDS: [(Kind, &str, Class); 14] = [
    (Kind::PutRecording, "PUT recording", Class::Write),
    (Kind::PutRows, "PUT rows", Class::Write),
    (Kind::PutTombstone, "PUT tombstone", Class::Write),
    (Kind::PutPresence, "PUT presence", Class::Write),
    (Kind::ListPoll, "LIST poll", Class::Write),
    (Kind::ListWalk, "LIST slow walk", Class::Write),
    (Kind::ListNodes, "LIST nodes", Class::Write),
    (Kind::ListNewNode, "LIST new node", Class::Write),
    (Kind::GetRows, "GET rows", Class::Read),
    (Kind::GetBody, "GET body not named", Class::Read),
    (Kind::GetTombstone, "GET tombstone", Class::Read),
    (Kind::GetForUser, "GET for a user", Class::Read),
    (Kind::GetNewNode, "GET new node", Class::Read),
    (Kind::Delete, "DELETE", Class::Free),
];

#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Sum {
    pub requests: f64,
    pub up_bytes: f64,
    pub down_bytes: f64,
}

/// Sums by kind. They are fractions of requests where a few nodes stand for all.
#[derive(Debug, Clone, Default)]
pub struct Requests([Sum; KINDS.len()]);

impl Requests {
    /// Counts `requests`, which together carry bodies of so many bytes.
    pub fn add(&mut self, kind: Kind, requests: f64, body_bytes: f64, settings: &Settings) {
        let sum = &mut self.0[kind as usize];
        let uploads = matches!(
            kind,
            Kind::PutRecording | Kind::PutRows | Kind::PutTombstone | Kind::PutPresence
        );
        sum.requests += requests;
        sum.up_bytes += requests * f64::from(settings.headers_up);
        sum.down_bytes += requests * f64::from(settings.headers_down);
        match uploads {
            true => sum.up_bytes += body_bytes,
            false => sum.down_bytes += body_bytes,
        }
    }

    /// Adds what another has, so many times.
    pub fn add_times(&mut self, other: &Requests, times: f64) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            mine.requests += times * theirs.requests;
            mine.up_bytes += times * theirs.up_bytes;
            mine.down_bytes += times * theirs.down_bytes;
        }
    }

    pub fn of(&self, kind: Kind) -> Sum {
        self.0[kind as usize]
    }

    pub fn of_class(&self, class: Class) -> f64 {
        let all = KINDS.iter().filter(|(_, _, of)| *of == class);
        all.map(|(kind, ..)| self.of(*kind).requests).sum()
    }

    pub fn up_bytes(&self) -> f64 {
        self.0.iter().map(|sum| sum.up_bytes).sum()
    }

    pub fn down_bytes(&self) -> f64 {
        self.0.iter().map(|sum| sum.down_bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_at_their_numbers() {
        for (index, (kind, ..)) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, index);
        }
    }

    #[test]
    fn bodies_go_where_the_request_carries_them() {
        let settings = Settings {
            headers_up: 10,
            headers_down: 1,
            ..Settings::default()
        };
        let mut one = Requests::default();
        one.add(Kind::PutRows, 2.0, 100.0, &settings);
        one.add(Kind::GetBody, 1.0, 50.0, &settings);
        one.add(Kind::Delete, 1.0, 0.0, &settings);
        assert_eq!((one.up_bytes(), one.down_bytes()), (140.0, 54.0));
        let mut all = Requests::default();
        all.add_times(&one, 3.0);
        let by_class = [Class::Write, Class::Read, Class::Free].map(|class| all.of_class(class));
        assert_eq!(by_class, [6.0, 3.0, 3.0]);
        assert_eq!(all.of(Kind::PutRows).up_bytes, 360.0);
    }
}
