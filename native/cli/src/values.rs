//! Times, durations and sizes, as they are given and as they are shown.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch, from a number of them, from a date or time (RFC 3339, UTC
/// where it says nothing), or from how long ago it was (`2h`, `30days`).
pub fn time(text: &str) -> Result<i64, String> {
    if let Ok(ms) = text.parse() {
        return Ok(ms);
    }
    if let Ok(ago) = humantime::parse_duration(text) {
        let time = SystemTime::now().checked_sub(ago);
        return time.and_then(ms_of).ok_or("that was too long ago".into());
    }
    let midnight = format!("{text}T00:00:00Z");
    let time = humantime::parse_rfc3339_weak(text)
        .or_else(|_| humantime::parse_rfc3339(text))
        .or_else(|_| humantime::parse_rfc3339(&midnight));
    let expected = "a date, a time such as 2026-11-27T16:00:00Z, how long ago such as 2h, or Unix milliseconds";
    time.ok().and_then(ms_of).ok_or(expected.into())
}

fn ms_of(time: SystemTime) -> Option<i64> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    // The first millisecond that is not before.
    i64::try_from(since.as_nanos().div_ceil(1_000_000)).ok()
}

/// Milliseconds, from a number of them or a duration (`90s`, `5min`).
pub fn duration_ms(text: &str) -> Result<i64, String> {
    match text.parse() {
        Ok(ms) if ms >= 0 => Ok(ms),
        _ => duration(text)
            .and_then(|it| i64::try_from(it.as_millis()).map_err(|_| "that is too long".into())),
    }
}

/// A duration, with its unit.
pub fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "a duration such as 90s, 5min or 30days".into())
}

/// A time as it is shown, in UTC, without the milliseconds.
pub fn shown_time(ms: i64) -> String {
    const LAST: u64 = 253_402_300_799_000;
    match u64::try_from(ms) {
        Ok(ms) if ms <= LAST => {
            let time = UNIX_EPOCH + Duration::from_millis(ms);
            let time = humantime::format_rfc3339_seconds(time).to_string();
            time.replace('T', " ")
        }
        _ => format!("{ms} ms"),
    }
}

/// A day as it is shown, which is counted in UTC from the Unix epoch.
pub fn shown_day(day: i64) -> String {
    const DAY_MS: i64 = 86_400_000;
    let time = shown_time(day.saturating_mul(DAY_MS));
    time.split(' ').next().unwrap_or_default().to_owned()
}

/// A duration or offset as it is shown: `250ms`, `12.3s`, `4:05`, `1:04:05`.
pub fn shown_duration(ms: i64) -> String {
    let (sign, ms) = (if ms < 0 { "-" } else { "" }, ms.unsigned_abs());
    let seconds = ms / 1000;
    let text = match seconds {
        0 => format!("{ms}ms"),
        1..60 => format!("{seconds}.{}s", ms % 1000 / 100),
        60..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => format!(
            "{}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        ),
    };
    format!("{sign}{text}")
}

/// A size as it is shown: `1.2 KiB`.
pub fn shown_bytes(bytes: u64) -> String {
    bytesize::ByteSize(bytes).to_string()
}

/// How many recordings.
pub fn recordings(count: usize) -> String {
    match count {
        1 => "1 recording".into(),
        count => format!("{count} recordings"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(time("1795000000000"), Ok(1_795_000_000_000));
        assert_eq!(time("-5"), Ok(-5));
        assert_eq!(time("1970-01-02"), Ok(86_400_000));
        assert_eq!(time("1970-01-01 00:01:00"), Ok(60_000));
        assert_eq!(time("1970-01-01T00:00:01.5Z"), Ok(1_500));
        let two_hours_ago = time("2h").unwrap();
        assert!(two_hours_ago < time("1h").unwrap());
        for wrong in ["", "yesterday", "2026-13-01", "9999999999999years"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_are_read() {
        assert_eq!(duration_ms("250"), Ok(250));
        assert_eq!(duration_ms("2s 5ms"), Ok(2_005));
        assert!(duration_ms("-1").is_err() && duration("5").is_err());
    }

    #[test]
    fn what_is_shown_is_short() {
        assert_eq!(shown_time(1_795_000_000_123), "2026-11-18 11:06:40Z");
        assert_eq!(shown_time(-1), "-1 ms");
        assert_eq!(shown_time(i64::MAX), format!("{} ms", i64::MAX));
        let shown: Vec<_> = [0, 999, 12_345, 245_000, 3_845_000, -5]
            .map(shown_duration)
            .to_vec();
        assert_eq!(shown, ["0ms", "999ms", "12.3s", "4:05", "1:04:05", "-5ms"]);
        assert_eq!(shown_bytes(1_234), "1.2 KiB");
    }
}
