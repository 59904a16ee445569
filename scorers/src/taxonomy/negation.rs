//! Whether a text says that something is *not* so: "never used Python", "Java: none".

use super::tokens::{Gap, Token};

const NEGATORS: &[&str] = &[
    "no",
    "not",
    "never",
    "without",
    "lack",
    "neither",
    "nor",
    "cannot",
    "unfamiliar",
    "don",
    "didn",
    "doesn",
    "haven",
    "hasn",
    "hadn",
    "isn",
    "wasn",
    "zero",
    "unabl",
];
/// Words that end a negation: "not Java but Python".
const TURNS: &[&str] = &[
    "but", "although", "however", "though", "except", "yet", "while", "instead", "rather", "which",
    "until", "only",
];
/// Words after which a sentence goes on in the positive: "never missed a deadline and used ...".
const RESTARTS: &[&str] = &["i", "we", "now", "currently"];
/// How many words a negation reaches over.
const REACH: usize = 9;

/// Whether the words `at..at + count` are negated by what stands before or right after them.
pub fn negated(words: &[Token<'_>], at: usize, count: usize) -> bool {
    before(words, at) || after(words, at + count)
}

fn before(words: &[Token<'_>], at: usize) -> bool {
    // An item at the start of its own line or sentence is not under a negation from the one before.
    let mut gap = words.get(at).map_or(Gap::Stop, |w| w.gap);
    let mut listed = gap == Gap::List;
    for (i, word) in words.iter().enumerate().take(at).rev().take(REACH) {
        if gap == Gap::Stop {
            return false;
        }
        let stem = word.stem.as_str();
        if TURNS.contains(&stem) || RESTARTS.contains(&stem) {
            return false;
        }
        if NEGATORS.contains(&stem) {
            let next = words.get(i + 1).map(|w| w.stem.as_str());
            // "no. 1", "not only", and an adverb's list item ("reliable, never late, Python").
            let idiom = matches!(
                (stem, next),
                ("not", Some("only" | "just" | "limit")) | ("zero", Some("trust" | "defect"))
            );
            return !idiom && (!listed || reaches_over_lists(words, i, at));
        }
        gap = word.gap;
        listed |= gap == Gap::List;
    }
    false
}

/// A negation reaches list items when it opens with "experience", "knowledge" or a verb of use.
fn reaches_over_lists(words: &[Token<'_>], from: usize, to: usize) -> bool {
    const OPENERS: &[&str] = &[
        "experienc",
        "knowledg",
        "us",
        "work",
        "touch",
        "know",
        "exposur",
        "familiar",
        "learn",
        "background",
        "skill",
        "in",
        "with",
        "program",
    ];
    words
        .get(from..to)
        .unwrap_or_default()
        .iter()
        .take(5)
        .any(|w| OPENERS.contains(&w.stem.as_str()))
}

fn after(words: &[Token<'_>], next: usize) -> bool {
    let Some(word) = words.get(next).filter(|w| w.colon || w.gap == Gap::Joint) else {
        return false;
    };
    let follows = words.get(next + 1).map(|w| w.stem.as_str());
    match word.stem.as_str() {
        "non" | "never" => true, // "none" by its stem
        "no" | "not" => !matches!(follows, Some("only")),
        _ => false,
    }
}
