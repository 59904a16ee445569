//! How readings are told to others: the wire names of methods, kinds and failures, and the joined
//! visible text that every offset counts in.

use domain::text::VisibleText;

use super::language::language;
use super::{Extraction, Failure, HiddenKind, Method};

impl Extraction {
    /// The pages' texts joined by one newline, indexed.
    #[must_use]
    pub fn visible_text(&self) -> VisibleText {
        VisibleText::from_pages(self.pages.iter().map(|page| page.text.as_str()))
    }

    /// The language of the visible text, as ISO 639-3 has it, where it can be told.
    #[must_use]
    pub fn language(&self) -> Option<&'static str> {
        language(self.visible_text().as_str())
    }
}

impl Method {
    /// The name used on the wire, as serialised.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TextLayer => "text_layer",
            Self::Docx => "docx",
            Self::Odt => "odt",
            Self::Rtf => "rtf",
            Self::Html => "html",
            Self::PlainText => "plain_text",
            Self::Ocr => "ocr",
        }
    }
}

impl HiddenKind {
    /// The name used on the wire, as serialised.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invisible => "invisible",
            Self::LowContrast => "low_contrast",
            Self::Tiny => "tiny",
            Self::OffPage => "off_page",
            Self::Covered => "covered",
            Self::ZeroWidth => "zero_width",
            Self::Metadata => "metadata",
            Self::Annotation => "annotation",
            Self::Remapped => "remapped",
        }
    }
}

impl Failure {
    /// The failure with a code, as [`Failure::code`] gives it.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        // The codes are the serialised names.
        serde_json::from_value(serde_json::Value::String(code.to_owned())).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_serialised_ones() {
        for kind in [HiddenKind::Invisible, HiddenKind::LowContrast, HiddenKind::ZeroWidth] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for method in [
            Method::TextLayer,
            Method::Docx,
            Method::Odt,
            Method::Rtf,
            Method::Html,
            Method::PlainText,
            Method::Ocr,
        ] {
            assert_eq!(serde_json::to_value(method).unwrap(), method.as_str());
        }
        assert_eq!(Failure::from_code("EMPTY_TEXT"), Some(Failure::EmptyText));
        assert_eq!(Failure::from_code("PARKED"), None);
    }
}
