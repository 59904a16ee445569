//! Quotes: the line or phrase that shows something, cut from the visible text at its place.

use domain::text::{Quote, Span};

use super::facts::Facts;

/// Longest quote, in scalars.
pub(super) const LONGEST: u32 = 160;
/// Most quotes for one criterion.
pub(super) const MOST: usize = 6;

impl Facts<'_> {
    /// The line about the words `first..last`, cut to a sensible length and around what is masked.
    pub(super) fn quote(&self, (first, last): (usize, usize)) -> Option<Quote> {
        let words = &self.outline.words;
        let (a, b) = (words.get(first)?, words.get(last.checked_sub(1)?)?);
        let (mut from, mut to) = (first, last);
        let fits = |start: u32, end: u32| {
            end.saturating_sub(start) <= LONGEST && !self.masked.hides(start, end)
        };
        if !fits(a.start, b.end) {
            return None;
        }
        loop {
            let start = words.get(from)?.start;
            let end = words.get(to - 1)?.end;
            let left = from
                .checked_sub(1)
                .and_then(|i| words.get(i))
                .filter(|w| w.line == a.line && fits(w.start, end));
            if left.is_some() {
                from -= 1;
            }
            let start = left.map_or(start, |w| w.start);
            let right = words.get(to).filter(|w| w.line == b.line && fits(start, w.end));
            if right.is_some() {
                to += 1;
            }
            if left.is_none() && right.is_none() {
                break;
            }
        }
        self.text.quote(Span { start: words.get(from)?.start, end: words.get(to - 1)?.end })
    }

    /// Quotes for several places, without doubles, at most [`MOST`].
    pub(super) fn quotes(&self, places: impl IntoIterator<Item = (usize, usize)>) -> Vec<Quote> {
        let mut found: Vec<Quote> = Vec::new();
        for place in places {
            if found.len() >= MOST {
                break;
            }
            if let Some(quote) = self.quote(place)
                && !quote.quote.trim().is_empty()
                && !found.iter().any(|q| q.start < quote.end && quote.start < q.end)
            {
                found.push(quote);
            }
        }
        found
    }
}
