//! The block at the top that tells who it is, and what in it may be a name.

use std::collections::HashSet;

use super::names::may_be_title;
use super::words::OF_PAGES;
use crate::profile::contacts;
use crate::profile::lines::Line;
use crate::profile::sections::heading;

/// Most lines that stand above the first heading and are taken to tell who it is.
const HEADER_LINES: usize = 14;
/// How many lines are taken so in a text that has contacts and no heading near its top.
const UNHEADED_LINES: usize = 4;
/// And in one that has neither.
const UNREACHED_LINES: usize = 2;
/// Most words of a line there that is not prose.
const HEADER_WORDS: usize = 8;
/// How many parts of the block are looked at as names.
const SUSPECTS: usize = 6;
/// Fewest items that make a line a list.
const LIST: usize = 3;

/// Part of a line at the top, hidden whatever it says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Top<'t> {
    /// What is hidden.
    pub(super) text: &'t str,
    /// First scalar in the text.
    pub(super) start: u32,
    /// One past its last scalar.
    pub(super) end: u32,
}

/// The lines above the first heading that are not prose; of a text without headings the first few, save
/// lists below the first line. Of a list on the first line the first item goes: it may be a name.
pub(super) fn header_block<'t>(lines: &[Line<'t>]) -> Vec<Top<'t>> {
    let whole = |l: &Line<'t>| Top { text: l.text, start: l.start, end: l.end };
    let tells = |l: &Line<'_>| l.is_bullet() || l.text.ends_with('.') && l.word_count() > 4;
    let above = lines.iter().take_while(|l| heading(l).is_none() && !tells(l));
    if lines.iter().take(2 * HEADER_LINES).any(|l| heading(l).is_some()) {
        return above.take(HEADER_LINES).filter(|l| !is_prose(l)).map(whole).collect();
    }
    let reached = lines.iter().take(UNHEADED_LINES).any(|l| !has_no_contact(l.text));
    let most = if reached { UNHEADED_LINES } else { UNREACHED_LINES };
    let mut block: Vec<Top<'t>> = Vec::new();
    for line in above.take(most).filter(|l| !is_prose(l)) {
        match (first_of_list(line), block.is_empty()) {
            (None, _) => block.push(whole(line)),
            (Some(first), true) => block.push(first),
            (Some(_), false) => {}
        }
    }
    block
}

/// The first item of a line that is a list without contacts.
fn first_of_list<'t>(line: &Line<'t>) -> Option<Top<'t>> {
    let separator = |c: char| matches!(c, ',' | ';' | '|' | '·' | '•' | '/' | '、' | '，' | '\t');
    let items = line.text.split(separator).filter(|i| !i.trim().is_empty()).count();
    let first = line.text.split(separator).next().filter(|f| !f.trim().is_empty())?;
    let end = line.start + first.chars().count() as u32;
    (items >= LIST && has_no_contact(line.text)).then_some(Top {
        text: first,
        start: line.start,
        end,
    })
}

fn has_no_contact(text: &str) -> bool {
    contacts::emails(text).is_empty()
        && contacts::phones(text).is_empty()
        && contacts::links(text).is_empty()
}

/// Whether a line is of running text: long, and mostly in lower case.
fn is_prose(line: &Line<'_>) -> bool {
    let words = line.word_count();
    let small = line.text.split_whitespace().filter(|w| w.starts_with(char::is_lowercase)).count();
    words > HEADER_WORDS && small * 2 >= words && !line.text.contains('@')
}

/// Parts of the top lines that are short enough to be a name. "Doe, Jane" alone on its line is one part.
pub(super) fn suspects(block: &[Top<'_>]) -> Vec<String> {
    let separator = |c: char| {
        matches!(c, '|' | '·' | '•' | ',' | ';' | '\t' | '(' | ')' | '[' | ']' | ':' | '@')
    };
    let mut found: Vec<String> = Vec::new();
    for (nth, line) in block.iter().enumerate() {
        match line.text.split(separator).collect::<Vec<_>>().as_slice() {
            [family, given] if nth == 0 && line.text.contains(',') && is_turned(family, given) => {
                found.push(format!("{} {}", given.trim(), family.trim()));
            }
            pieces => found.extend(pieces.iter().map(|p| (*p).to_owned())),
        }
    }
    let fits = |p: &String| {
        (1..=7).contains(&p.split_whitespace().count())
            && !p.contains(|c: char| c.is_ascii_digit())
            && page_text(p).chars().count() > 1
    };
    found.into_iter().filter(fits).take(SUSPECTS).collect()
}

/// Whether two parts beside a comma may be a family name and a given name.
fn is_turned(family: &str, given: &str) -> bool {
    let count = |p: &str| p.split_whitespace().count();
    (1..=3).contains(&count(family)) && (1..=3).contains(&count(given)) && !may_be_title(given)
}

/// A line's letters without what only numbers its page: "Ann Lee - page 2 of 3" is "annlee".
pub(super) fn page_text(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty());
    words.map(str::to_lowercase).filter(|w| !OF_PAGES.contains(&w.as_str())).collect()
}

/// Lines further down that say what a line at the top says.
pub(super) fn repeats<'l, 't>(
    block: &[Top<'_>],
    lines: &'l [Line<'t>],
) -> impl Iterator<Item = &'l Line<'t>> {
    let said: HashSet<String> =
        block.iter().map(|t| page_text(t.text)).filter(|t| !t.is_empty()).collect();
    lines.iter().filter(move |l| said.contains(&page_text(l.text)))
}
