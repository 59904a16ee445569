//! Masking identity: who a person is must not change a level.
//!
//! Hidden before grading: the block above the first heading and every repetition of its lines
//! (`header`), the name wherever it stands (`names`), e-mail addresses, telephone numbers, links,
//! postal addresses (`contact`), pronouns and gendered titles. Each hidden scalar becomes [`MASK`], so
//! that places stay; how many there are is never looked at.
//!
//! The block above the first heading goes as a whole, found name or not: so a name that the parser
//! missed is masked like one that it found. What is hidden below it turns on where words stand
//! (`person`), not on what they mean: a name made of words of trades must change nothing either.

mod contact;
mod header;
mod names;
mod person;
#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;

use domain::candidate::Profile;
use domain::text::VisibleText;

use self::header::{Top, header_block, page_text, repeats, suspects};
use self::names::{Owner, is_phrase, lists_people, may_be_title};
use self::person::stands_as_person;
use self::words::PRONOUNS;
use crate::persuasion::painted_over;
use crate::profile::contacts;
use crate::profile::lines::{Line, lines};
use crate::taxonomy::{MASK, Token, taxonomy, tokens};

/// A text with identity hidden, and where.
#[derive(Debug, Clone)]
pub struct Masked {
    /// As many scalars as the original.
    pub text: String,
    /// Hidden ranges of scalars, sorted, apart from each other.
    pub hidden: Vec<Range<u32>>,
}

impl Masked {
    /// Lets nothing that reaches into these be evidence.
    pub(crate) fn keep_out(&mut self, ranges: Vec<Range<u32>>) {
        self.hidden.extend(ranges);
        self.hidden = merged(std::mem::take(&mut self.hidden));
    }

    /// Whether any scalar of `start..end` is hidden.
    pub fn hides(&self, start: u32, end: u32) -> bool {
        let at = self.hidden.partition_point(|r| r.end <= start);
        self.hidden.get(at).is_some_and(|r| r.start < end)
    }
}

/// Hides identity in a resume's text.
pub fn mask(text: &VisibleText, profile: &Profile) -> Masked {
    let source = text.as_str();
    let words = tokens(source);
    let lines = lines(source);
    let block = header_block(&lines);
    let mut hidden: Vec<Range<u32>> = block.iter().map(|t| t.start..t.end).collect();
    hidden.extend(repeats(&block, &lines).map(|l| l.start..l.end));
    let reach = reach(text, profile);
    let owners = owners(&block, profile, &lines, &words, &reach);
    for line in &lines {
        let said = page_text(line.text);
        let turned = |o: &Owner| o.turned.as_ref().is_some_and(|t| *t == said);
        let headed = |o: &Owner| o.heads_page(line, on_line(&words, line), &reach);
        let of_person = owners.iter().any(|o| turned(o) || headed(o));
        if of_person || lists_people(line, &owners) || contact::is_address(line) {
            hidden.push(line.start..line.end);
        }
    }
    hidden.extend(owners.iter().flat_map(|o| o.places(&words)));
    hidden.extend(owners.iter().filter(|o| o.sure).flat_map(|o| unspaced(source, o)));
    hidden.extend(contact::handles(&lines).map(|l| l.start..l.end));
    hidden.extend(reach);
    let pronouns = words
        .iter()
        .filter(|w| PRONOUNS.contains(&w.text.to_lowercase().as_str()) && w.text != "MS");
    hidden.extend(pronouns.map(|w| w.start..w.end));
    // A word of a trade where it stands as a person does ("Baker led ...", "Ms Chef") goes on every
    // resume, whatever the name: so a name made of such words changes nothing.
    let people = words.iter().enumerate().filter(|(at, word)| {
        taxonomy().is_vocabulary(&word.stem) && stands_as_person(&words, *at, 1)
    });
    hidden.extend(people.map(|(_, w)| w.start..w.end));
    let name = profile.basics.name.as_ref();
    let name = name.filter(|n| counts_as_name(n.start, &block, &owners));
    hidden.extend(name.map(|n| n.start..n.end.min(text.len())));
    let hidden = merged(hidden);
    Masked { text: painted_over(source, &hidden, MASK), hidden }
}

/// Where the text says how to reach somebody.
fn reach(text: &VisibleText, profile: &Profile) -> Vec<Range<u32>> {
    let source = text.as_str();
    let found = contacts::emails(source)
        .into_iter()
        .chain(contacts::links(source))
        .chain(contacts::phones(source));
    let found = found.filter_map(|r| text.span_of_bytes(r.start, r.end)).map(|s| s.start..s.end);
    let fields = [&profile.basics.email, &profile.basics.phone].into_iter().flatten();
    found.chain(fields.map(|f| f.start..f.end.min(text.len()))).collect()
}

/// What may be the person's name: every short part of the top, and what the parser found.
fn owners(
    block: &[Top<'_>],
    profile: &Profile,
    lines: &[Line<'_>],
    words: &[Token<'_>],
    reach: &[Range<u32>],
) -> Vec<Owner> {
    let suspects: Vec<String> =
        suspects(block).into_iter().filter(|s| Owner::new(s, false).words() > 0).collect();
    let mut owners: Vec<Owner> = suspects.iter().map(|s| Owner::new(s, false)).collect();
    let name = profile.basics.name.as_ref();
    let named = name.filter(|n| counts_as_name(n.start, block, &owners));
    if let (Some(first), Some(text)) = (owners.first_mut(), suspects.first()) {
        // At the very top of a text with contacts stands the name, unless it reads as a title.
        let contact = |t: &Top<'_>| reach.iter().any(|r| r.start < t.end && t.start < r.end);
        let heads = named.is_none() && block.iter().any(contact);
        first.sure = !may_be_title(text) || heads && !first.titled && !is_phrase(text);
    }
    for owner in &mut owners {
        // What every page repeats at its head or foot is the name, wherever it stands at the top.
        owner.sure |= lines.iter().any(|l| owner.heads_page(l, on_line(words, l), reach));
    }
    owners.extend(named.map(|n| Owner::new(&n.value, true)));
    owners
}

/// Whether a name that the parser found is to be masked. One further down is not where the top may
/// hold another: which of them the parser takes turns on what the words mean.
fn counts_as_name(start: u32, block: &[Top<'_>], owners: &[Owner]) -> bool {
    let at_top = block.iter().any(|t| (t.start..t.end).contains(&start));
    at_top || owners.first().is_none_or(|o| o.titled || o.words() < 2)
}

/// The words of a line.
fn on_line<'w, 't>(words: &'w [Token<'t>], line: &Line<'_>) -> &'w [Token<'t>] {
    let first = words.partition_point(|w| w.line < line.number);
    let last = words.partition_point(|w| w.line <= line.number);
    words.get(first..last).unwrap_or_default()
}

/// A name in a script without blanks stands anywhere in a word: "李小龙负责".
fn unspaced(source: &str, owner: &Owner) -> Vec<Range<u32>> {
    let count = owner.letters.chars().count();
    if owner.words() != 1 || !(2..=6).contains(&count) || owner.letters.is_ascii() {
        return vec![];
    }
    let cjk = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}');
    if !owner.letters.chars().all(cjk) {
        return vec![];
    }
    let places = source.match_indices(owner.letters.as_str());
    let start = |at: usize| source.get(..at).map_or(0, |s| s.chars().count() as u32);
    places.map(|(at, _)| start(at)..start(at) + count as u32).collect()
}

pub(crate) fn merged(mut ranges: Vec<Range<u32>>) -> Vec<Range<u32>> {
    ranges.retain(|r| r.start < r.end);
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut out: Vec<Range<u32>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}
