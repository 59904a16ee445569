//! Every place of the person's own name.
//!
//! The name is taken from the top of the text ([`Owner`]), whatever its words. Two or more of its words
//! together are it wherever a person or nothing else can be meant; a name that has a word of no trade is it
//! anywhere. One word alone is it where a person stands.

use std::ops::Range;

use super::header::page_text;
use super::person::{is_introduced, is_strange, is_stranger, stands_as_person, stands_as_work};
use super::words::{MONTHS, OF_PAGES, TITLES};
use crate::profile::lines::Line;
use crate::taxonomy::{Gap, HitKind, Token, taxonomy, tokens};

/// What may be the person's name.
#[derive(Debug)]
pub(super) struct Owner {
    /// Its words in lower case, titles left out.
    parts: Vec<String>,
    /// Its letters, blanks left out.
    pub(super) letters: String,
    /// Those with the last word first: "bakerann".
    pub(super) turned: Option<String>,
    /// Whether it is the name, and not a title that stands beside it.
    pub(super) sure: bool,
    /// Whether it reads as a title: then only all of its words are it.
    pub(super) titled: bool,
    /// Whether it is written in lower case itself.
    small: bool,
}

impl Owner {
    pub(super) fn new(name: &str, sure: bool) -> Self {
        let words = tokens(name);
        let mut parts: Vec<String> = words.iter().map(|t| t.text.to_lowercase()).collect();
        // A title is not what somebody is called: "PhD" and "Dr" stay where they stand for work.
        parts.retain(|part| !TITLES.contains(&part.as_str()));
        // A page's foot may turn the name around: "Baker, Ann - page 2".
        let mut turned: Vec<&str> = name.split_whitespace().collect();
        turned.rotate_right(1);
        let turned = (turned.len() > 1).then(|| page_text(&turned.join(" ")));
        Self {
            parts,
            letters: page_text(name),
            turned: turned.filter(|t| !t.is_empty()),
            sure,
            titled: is_titled(&words),
            small: !name.contains(char::is_uppercase),
        }
    }

    /// How many words it has.
    pub(super) fn words(&self) -> usize {
        self.parts.len()
    }

    /// Whether a part of a line is this name, in full or with initials.
    pub(super) fn is(&self, text: &str) -> bool {
        let words = tokens(text);
        let run = self.run(&words, 0);
        self.parts.len() > 1 && run.is_some_and(|r| r.count == words.len())
            || page_text(text) == self.letters
    }

    /// The words from `at` that are words of this name, each once: "Ann Baker", "Baker, Ann", "A. Baker".
    fn run(&self, words: &[Token<'_>], at: usize) -> Option<Run> {
        let mut left: Vec<&str> = self.parts.iter().map(String::as_str).collect();
        let mut run = Run { at, count: 0, tight: true, initials: false, strange: false };
        let (mut after_initial, mut full) = (false, 0usize);
        while let Some(word) = words.get(at + run.count) {
            let joined = matches!(word.gap, Gap::Space | Gap::Joint)
                || after_initial && word.gap == Gap::Stop;
            let apart = matches!(word.gap, Gap::List | Gap::Line) && !word.colon;
            if run.count > 0 && !joined && !apart {
                break;
            }
            let here = word.text.to_lowercase();
            let opens = self.small || word.text.starts_with(|c: char| !c.is_lowercase());
            let whole = left.iter().position(|p| opens && *p == here);
            let initial = || {
                // "A. Baker", "Baker, A."
                let next = words.get(at + run.count + 1);
                let dotted = next.is_none_or(|n| n.gap != Gap::Space && n.text != "s");
                let short = word.text.chars().count() == 1 && word.capitalised() && dotted;
                let fits = |p: &&str| p.chars().count() > 1 && p.starts_with(here.as_str());
                left.iter().position(|p| short && fits(p))
            };
            let Some(found) = whole.or_else(initial) else { break };
            left.remove(found);
            run.tight &= run.count == 0 || joined;
            run.initials |= whole.is_none();
            run.strange |= is_strange(word);
            full += usize::from(whole.is_some());
            after_initial = here.chars().count() == 1;
            run.count += 1;
        }
        let enough = if self.titled { left.is_empty() } else { run.count > 1 };
        (full > 0 && enough && run.count > 1).then_some(run)
    }

    /// Its places among the words.
    pub(super) fn places(&self, words: &[Token<'_>]) -> Vec<Range<u32>> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let run = self.run(words, at).filter(|r| self.owns(words, r));
            let one = || self.parts.contains(&word.text.to_lowercase()) && self.alone(words, at);
            let count = run.map_or_else(|| usize::from(one()), |r| r.count);
            if count > 0 {
                found.extend(words.get(at + count - 1).map(|last| word.start..last.end));
            }
            at += count.max(1);
        }
        found
    }

    fn owns(&self, words: &[Token<'_>], run: &Run) -> bool {
        let Run { at, count, .. } = *run;
        if run.tight && (stands_as_person(words, at, count) || is_introduced(words, at)) {
            return true;
        }
        self.sure
            && (run.strange
                || run.initials && run.count == self.parts.len()
                || run.tight && !stands_as_work(words, at, count))
    }

    fn alone(&self, words: &[Token<'_>], at: usize) -> bool {
        let Some(word) = words.get(at) else { return false };
        (self.small || word.text.starts_with(|c: char| !c.is_lowercase()))
            && (is_strange(word) || stands_as_person(words, at, 1))
    }

    /// Whether a line only repeats the name at a page's head or foot: "February 10, 2026 Ann Baker · CV 2".
    /// `reach` are the contacts of the text, which may stand there too.
    pub(super) fn heads_page(
        &self,
        line: &Line<'_>,
        words: &[Token<'_>],
        reach: &[Range<u32>],
    ) -> bool {
        if self.parts.len() < 2 || line.word_count() > 12 {
            return false;
        }
        let run = (0..words.len()).find_map(|at| self.run(words, at));
        let Some(run) = run.filter(|r| r.tight && r.count == self.parts.len()) else {
            return false;
        };
        let reached = |w: &Token<'_>| reach.iter().any(|r| r.start < w.end && w.start < r.end);
        let contacts = words.iter().any(&reached);
        let (mut said, mut years) = (contacts, 0);
        for (at, word) in words.iter().enumerate() {
            if (run.at..run.at + run.count).contains(&at) || reached(word) {
                continue;
            }
            let lower = word.text.to_lowercase();
            let number = word.text.bytes().all(|b| b.is_ascii_digit());
            let page = OF_PAGES.contains(&lower.as_str());
            if !page && !number && !MONTHS.contains(&lower.as_str()) {
                return false;
            }
            years += usize::from(number && word.text.len() == 4);
            said |= page || number && word.text.len() < 3 && years == 0;
        }
        said && years < 2
    }
}

/// Words of a name that stand together.
#[derive(Debug, Clone, Copy)]
struct Run {
    at: usize,
    count: usize,
    /// No comma and no line's end is between them.
    tight: bool,
    /// One of them is an initial.
    initials: bool,
    /// One of them is of no trade.
    strange: bool,
}

/// Whether words hold a title or end as one does.
fn is_titled(words: &[Token<'_>]) -> bool {
    let fields = &taxonomy().fields;
    !fields.hits(HitKind::Title, words).is_empty()
        || words.last().is_some_and(|w| fields.is_role_noun(&w.stem))
}

/// Whether a text may be a title: "EPIC Technology Specialist" stands for work wherever it is repeated.
pub(super) fn may_be_title(text: &str) -> bool {
    let words = tokens(text);
    is_titled(&words) && words.iter().filter(|w| is_strange(w)).count() * 3 <= words.len()
        || words.len() > 1 && !words.iter().any(is_strange)
}

/// Whether trades know some of the words as one phrase: "Machine Learning".
pub(super) fn is_phrase(text: &str) -> bool {
    let words = tokens(text);
    let terms = taxonomy().fields.hits(HitKind::Term, &words);
    terms.iter().any(|h| h.words > 1)
        || taxonomy().skills.mentions(&words).iter().any(|m| m.words > 1)
}

/// "James Liu, Ann Lee": authors of a paper, of whom one is the person. All of them go.
pub(super) fn lists_people(line: &Line<'_>, owners: &[Owner]) -> bool {
    let text = line.text.trim_end_matches('.');
    let pieces: Vec<&str> = text
        .split([',', ';', '&'])
        .flat_map(|p| p.split(" and "))
        .map(|p| p.trim().trim_start_matches("and "))
        .filter(|p| !p.is_empty())
        .collect();
    let capitalised = |p: &&str| {
        (1..=7).contains(&p.split_whitespace().count())
            && !p.contains(|c: char| c.is_ascii_digit())
            && p.starts_with(|c: char| !c.is_lowercase())
            && p.split_whitespace().filter(|w| w.starts_with(char::is_lowercase)).count() < 4
    };
    let own = |p: &&str| owners.iter().any(|o| o.is(p));
    pieces.len() > 1
        && pieces.iter().all(capitalised)
        && pieces.iter().any(own)
        && pieces.iter().any(|p| !own(p) && is_stranger(&tokens(p)))
        && !text.contains(['@', ':', '|', '(', '/'])
}
