//! Where and how a person can be reached, beyond what [`crate::profile::contacts`] finds: postal
//! addresses and handles.

use super::words::{NETWORKS, STREETS};
use crate::profile::lines::Line;

/// Lines of one word beside the name of a network: "rbaker" above "GitHub".
pub(super) fn handles<'l, 't>(lines: &'l [Line<'t>]) -> impl Iterator<Item = &'l Line<'t>> {
    let network = |at: Option<usize>| {
        let line = at.and_then(|i| lines.get(i));
        line.is_some_and(|l| NETWORKS.contains(&without_digits(l.text).as_str()))
    };
    let beside = move |i: usize| network(i.checked_sub(1)) || network(Some(i + 1));
    lines.iter().enumerate().filter(move |(i, l)| l.word_count() == 1 && beside(*i)).map(|(_, l)| l)
}

fn without_digits(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// "12 Baker Street", "Pleasantville, CA 94588", "London NW1 6XE", "P.O. Box 7".
pub(super) fn is_address(line: &Line<'_>) -> bool {
    if line.word_count() > 10 {
        return false;
    }
    let lower = line.text.to_lowercase();
    let parts: Vec<&str> = lower
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '.'))
        .filter(|p| !p.is_empty())
        .collect();
    let digits = |p: &&str| p.chars().all(|c| c.is_ascii_digit());
    let numbered =
        parts.first().is_some_and(|p| p.starts_with(|c: char| c.is_ascii_digit()) && p.len() <= 5);
    let street = parts.iter().skip(1).any(|p| STREETS.contains(p));
    let postal = line.text.split_whitespace().collect::<Vec<_>>().windows(2).any(|w| match w {
        [state, zip] => {
            state.len() == 2
                && state.chars().all(char::is_uppercase)
                && zip.len() >= 5
                && zip.get(..5).is_some_and(|z| digits(&z))
        }
        _ => false,
    });
    let labelled =
        lower.starts_with("address") || lower.contains("p.o. box") || lower.contains("po box");
    numbered && street || postal && parts.len() <= 9 || labelled
}
