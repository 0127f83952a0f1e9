use super::reader::Sink;
use super::templates::{Templated, Templates};

/// Values that are only checked, those that are alike by what they differ in.
pub(super) struct Validator {
    pub(super) templates: Templates,
    /// What is written for them: nothing.
    nothing: Vec<u8>,
}

impl Validator {
    pub(super) fn new() -> Self {
        Validator {
            // A number, unlike an array or object, ends only with what comes after it.
            templates: Templates::new(1),
            nothing: Vec::new(),
        }
    }
}

impl Sink<'_> for Validator {
    const READS: bool = false;
}

impl Templated for Validator {
    #[inline]
    fn templates(&mut self) -> Option<(&mut Templates, &mut Vec<u8>)> {
        Some((&mut self.templates, &mut self.nothing))
    }
}
