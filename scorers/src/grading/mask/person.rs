//! Where a text speaks of a person. Turns on what stands around the words, never on what they mean:
//! "Ms Doe led" and "Ms Go led" are the same.

use super::words::{DOES, HONORIFICS, OF_A_COMPANY, OF_SKILLS};
use crate::taxonomy::{Gap, Token, taxonomy};

/// Words before a name that say that it is one: "Name: ...", "I, ...".
const INTRODUCES: &[&str] = &[
    "i",
    "name",
    "candidate",
    "applicant",
    "author",
    "signature",
    "signed",
    "sincerely",
    "regards",
    "faithfully",
];

/// Whether `count` words stand where a person does: "Baker's team", "Ms Baker", "Baker led ...".
pub(super) fn stands_as_person(words: &[Token<'_>], at: usize, count: usize) -> bool {
    let Some(word) = words.get(at) else { return false };
    if word.text.starts_with(char::is_lowercase) {
        return false;
    }
    let after = words.get(at + count);
    // "Bachelor's degree" is a degree on somebody called Bachelor, too.
    let degree = ["bachelor", "master", "associate", "doctor"];
    let possessive = after.is_some_and(|w| w.gap == Gap::Joint && w.text == "s")
        && !degree.contains(&word.text.to_lowercase().as_str());
    let opens = matches!(word.gap, Gap::Stop | Gap::Line | Gap::List);
    let acts = acts(after);
    possessive || opens && acts || is_titled(words, at, possessive || acts)
}

/// Whether a word says what the words before it do: "led", "managed".
fn acts(after: Option<&Token<'_>>) -> bool {
    after.is_some_and(|w| {
        matches!(w.gap, Gap::Space)
            && w.text.starts_with(char::is_lowercase)
            && (w.text.ends_with("ed") && !OF_SKILLS.contains(&w.text) || DOES.contains(&w.text))
    })
}

/// Whether a title stands before a word, or before the capitalised words before it: "Ms Ann Baker".
fn is_titled(words: &[Token<'_>], at: usize, acts: bool) -> bool {
    let mut first = at;
    for _ in 0..3 {
        let Some(word) = words.get(first) else { return false };
        let Some(before) = first.checked_sub(1).and_then(|i| words.get(i)) else { return false };
        if before.line != word.line || !matches!(word.gap, Gap::Space | Gap::Stop | Gap::Joint) {
            return false;
        }
        let dotted = word.gap == Gap::Stop;
        if HONORIFICS.contains(&before.text.to_lowercase().as_str()) {
            // "MS" and "DR" are short for other things, and "Ms Excel" is written for a product.
            let short = matches!(before.text, "MS" | "DR") && !dotted;
            let product = before.text == "Ms"
                && !dotted
                && OF_A_COMPANY.contains(&word.text.to_lowercase().as_str());
            return !short && (!product || acts);
        }
        if dotted || !before.capitalised() {
            return false;
        }
        first -= 1;
    }
    false
}

/// Whether the word before says that a name follows: "Name: ...", "I, ...".
pub(super) fn is_introduced(words: &[Token<'_>], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|i| words.get(i)) else { return false };
    let signs = words.get(at).is_some_and(|w| w.gap == Gap::List);
    signs && INTRODUCES.contains(&before.text.to_lowercase().as_str())
}

/// Whether `count` words stand where work is told: part of a longer phrase, an item of a list, a title
/// beside its dates, or after an article.
pub(super) fn stands_as_work(words: &[Token<'_>], at: usize, count: usize) -> bool {
    let Some(word) = words.get(at) else { return false };
    let before = at.checked_sub(1).and_then(|i| words.get(i)).filter(|w| w.line == word.line);
    let last = words.get(at + count - 1).map_or(word.line, |w| w.line);
    let after = words.get(at + count).filter(|w| w.line == last);
    let spaced = |w: &Token<'_>| matches!(w.gap, Gap::Space | Gap::Joint);
    let longer = before.is_some_and(|b| b.capitalised() && spaced(word))
        || after.is_some_and(|a| a.capitalised() && spaced(a));
    let article = before.is_some_and(|b| {
        spaced(word) && ["a", "an", "as", "the"].contains(&b.text.to_lowercase().as_str())
    });
    let listed = match (before, after) {
        (None, None) => false,
        (b, a) => {
            b.is_none_or(|_| word.gap == Gap::List)
                && a.is_none_or(|a| a.gap == Gap::List)
                && !beside_stranger(words, at, count)
        }
    };
    let year =
        |w: &Token<'_>| w.text.len() == 4 && (w.text.starts_with("19") || w.text.starts_with("20"));
    let from = at.saturating_sub(12);
    let around = words.get(from..(at + count + 12).min(words.len())).unwrap_or_default();
    let dated = around.iter().any(|w| w.line.abs_diff(word.line) <= 1 && year(w));
    longer || article || listed || before.is_none() && dated
}

/// Whether the next item of a list, on either side, can only be somebody's name: "..., Ann Zdunek".
fn beside_stranger(words: &[Token<'_>], at: usize, count: usize) -> bool {
    let end = |from: usize| {
        let more = words.get(from + 1..).unwrap_or_default();
        from + 1 + more.iter().take_while(|w| matches!(w.gap, Gap::Space | Gap::Joint)).count()
    };
    let next = words.get(at + count..end(at + count).min(words.len()));
    let previous = words.get(..at).unwrap_or_default();
    let long = previous.iter().rev().take_while(|w| matches!(w.gap, Gap::Space | Gap::Joint));
    let first = at.saturating_sub(long.count() + 1);
    let is = |item: Option<&[Token<'_>]>| item.is_some_and(is_stranger);
    is(next) || is(words.get(first..at))
}

/// Whether words can only be a person's name: two or three, none of them of a trade or everyday life,
/// save initials.
pub(super) fn is_stranger(words: &[Token<'_>]) -> bool {
    let initial = |w: &&Token<'_>| w.text.chars().count() == 1 && w.capitalised();
    (2..=3).contains(&words.len())
        && words.iter().all(Token::capitalised)
        && !words.iter().all(|w| initial(&w))
        && words.iter().filter(|w| !initial(w)).all(is_strange)
}

/// Whether a word is neither of a trade nor of everyday life: it can only be somebody's name.
pub(super) fn is_strange(word: &Token<'_>) -> bool {
    let known = taxonomy();
    word.text.chars().count() > 1
        && !known.is_vocabulary(&word.stem)
        && !known.is_common(&word.stem)
}
