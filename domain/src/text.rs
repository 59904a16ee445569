//! Places in a resume's visible text, and quotes taken from it.
//!
//! A resume's *visible text* is its pages' texts joined by one newline. Every offset in the system
//! counts Unicode scalar values (not bytes, not UTF-16 units) in that text, so that any client, in any
//! language, can cut the same slice.

use serde::{Deserialize, Serialize};

/// A half-open range `start..end` of Unicode scalars in a resume's visible text.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
pub struct Span {
    /// First scalar of the range.
    pub start: u32,
    /// One past the last scalar of the range.
    pub end: u32,
}

/// Words copied verbatim from the visible text, with the place they were taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Quote {
    /// The words, exactly as they stand at `start..end`.
    pub quote: String,
    /// First scalar of the quote.
    pub start: u32,
    /// One past the last scalar of the quote.
    pub end: u32,
}

/// A visible text with an index from scalar offsets to bytes, so that slicing is cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibleText {
    text: String,
    /// Byte offset of each scalar, plus the text's length at the end.
    byte_of: Vec<u32>,
}

impl VisibleText {
    /// Joins pages' texts by one newline, as every offset in the system expects.
    pub fn from_pages<'a>(pages: impl IntoIterator<Item = &'a str>) -> Self {
        let mut text = String::new();
        for (i, page) in pages.into_iter().enumerate() {
            if i > 0 {
                text.push('\n');
            }
            text.push_str(page);
        }
        Self::new(text)
    }

    /// Indexes a text that is already joined.
    pub fn new(text: String) -> Self {
        let mut byte_of: Vec<u32> = text.char_indices().map(|(i, _)| i as u32).collect();
        byte_of.push(text.len() as u32);
        Self { text, byte_of }
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many Unicode scalars it has.
    pub fn len(&self) -> u32 {
        (self.byte_of.len() - 1) as u32
    }

    /// Whether it has no scalar at all.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The slice a span names, or `None` when it does not lie inside the text.
    pub fn slice(&self, span: Span) -> Option<&str> {
        let from = *self.byte_of.get(span.start as usize)? as usize;
        let to = *self.byte_of.get(span.end as usize)? as usize;
        self.text.get(from..to)
    }

    /// The quote at a span, or `None` when it does not lie inside the text.
    pub fn quote(&self, span: Span) -> Option<Quote> {
        let quote = self.slice(span)?.to_owned();
        Some(Quote { quote, start: span.start, end: span.end })
    }

    /// The span of a byte range, or `None` when an end does not fall on a scalar's boundary.
    pub fn span_of_bytes(&self, from: usize, to: usize) -> Option<Span> {
        let start = self.byte_of.binary_search(&u32::try_from(from).ok()?).ok()?;
        let end = self.byte_of.binary_search(&u32::try_from(to).ok()?).ok()?;
        Some(Span { start: start as u32, end: end as u32 })
    }

    /// Whether a quote stands in the text exactly where it says, and says something.
    pub fn holds(&self, quote: &Quote) -> bool {
        !quote.quote.trim().is_empty()
            && self.slice(Span { start: quote.start, end: quote.end }) == Some(quote.quote.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_scalars_across_pages() {
        let text = VisibleText::from_pages(["Zoë ☕", "Rust"]);
        assert_eq!(text.len(), 10);
        assert_eq!(text.slice(Span { start: 6, end: 10 }), Some("Rust"));
        let span = text.span_of_bytes(text.as_str().find("Rust").unwrap(), text.as_str().len());
        assert_eq!(span, Some(Span { start: 6, end: 10 }));
        assert_eq!(text.slice(Span { start: 9, end: 11 }), None);
        assert_eq!(text.slice(Span { start: 4, end: 2 }), None);
    }

    #[test]
    fn a_quote_that_is_elsewhere_or_blank_is_not_held() {
        let text = VisibleText::new("built a bridge".into());
        let good = text.quote(Span { start: 8, end: 14 }).unwrap();
        assert!(text.holds(&good));
        assert!(!text.holds(&Quote { start: 7, ..good.clone() }));
        assert!(!text.holds(&Quote { quote: " ".into(), start: 5, end: 6 }));
    }
}
