//! File names for what is between two slashes.

/// A file's name for what is between two slashes, which may be anything.
pub(super) fn escaped(segment: &str) -> String {
    let is_dots = matches!(segment, "." | "..");
    let plain = |it: u8| it.is_ascii_alphanumeric() || (b"!-_.~=@".contains(&it) && !is_dots);
    let name: String = segment
        .bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02x}"),
        })
        .collect();
    match name.is_empty() {
        true => "%".to_owned(),
        false => name,
    }
}

/// What is between two slashes, of a file's name.
pub(super) fn unescaped(name: &str) -> String {
    let mut parts = name.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        if let Some((digits, rest)) = part.split_at_checked(2) {
            bytes.extend(u8::from_str_radix(digits, 16));
            bytes.extend_from_slice(rest.as_bytes());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_segment_is_a_file_name() {
        for segment in ["", ".", "..", "a", "a%b", "é \u{1}", "%", ".temp-0"] {
            let name = escaped(segment);
            assert!(!matches!(&*name, "" | "." | ".."));
            assert!(name.bytes().all(|it| it.is_ascii_graphic() && it != b'/'));
            assert_eq!(unescaped(&name), segment);
        }
    }
}
