//! The example in the head of [`templates`](super).

use super::follow::Copied;
use super::*;

/// Writes JSON as Elixir, and notes what it reads for that.
struct Example {
    source: &'static str,
    templates: Templates,
    out: Vec<u8>,
    read: Vec<&'static str>,
}

impl Templated for Example {
    fn templates(&mut self) -> Option<(&mut Templates, &mut Vec<u8>)> {
        Some((&mut self.templates, &mut self.out))
    }
}

impl Example {
    /// Reads the string or number that begins at an offset.
    fn leaf(&mut self, start: usize) -> Option<usize> {
        let rest = self.source.get(start..)?;
        let leaf = rest.get(..rest.find([',', '}'])?)?;
        self.read.push(leaf);
        self.out.extend_from_slice(leaf.as_bytes());
        Some(start + leaf.len())
    }

    fn point(&self, offset: usize, terms_left: u64) -> Point<'static> {
        Point {
            source: self.source.as_bytes(),
            offset,
            level: 0,
            terms_left,
        }
    }
}

#[test]
fn a_value_is_written_after_the_one_before() {
    let mut writer = Example {
        source: r#"{"name":"Ad","age":36}{"name":"Ada","age":36}{"name":"Ada","born":1815}"#,
        templates: Templates::new(1),
        out: br#"%{"name" => "Ad", "age" => 36}"#.to_vec(),
        read: Vec::new(),
    };
    let shape = Shape::of_text(writer.source.as_bytes(), 0);
    let (begin, end) = (writer.point(0, 9), writer.point(22, 6));
    writer.templates.begin(begin, shape, 0);
    writer.templates.leaf(1, 8..12, 12..16);
    writer.templates.leaf(1, 19..21, 27..29);
    writer.templates.end(end, 30);

    let second = apply(&mut writer, end, shape, Example::leaf);
    assert_eq!(second, Some(Copied { end: 45, terms: 3 }));
    assert_eq!(
        writer.out.split_off(30),
        br#"%{"name" => "Ada", "age" => 36}"#
    );
    assert_eq!(
        writer.read,
        [r#""Ada""#],
        "no more than the leaf that differs"
    );

    let third = writer.point(45, 3);
    assert_eq!(
        apply(&mut writer, third, shape, Example::leaf),
        None,
        "another key"
    );
    assert_eq!(writer.out.len(), 30, "nothing of it is left");
    let one_term_too_few = writer.point(22, 2);
    assert_eq!(
        apply(&mut writer, one_term_too_few, shape, Example::leaf),
        None
    );
}
