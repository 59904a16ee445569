//! The outline of a resume: its lines, words, sections, dated roles, studies and named skills.
//!
//! Both the profile and the grader read a resume through this; the grader does so after identity is
//! masked, so that nothing of it can depend on who the person is.

use super::dates::{Dated, dates};
use super::education::{Study, studies};
use super::lines::{Line, lines};
use super::roles::{Role, roles};
use super::sections::{Section, sections};
use crate::taxonomy::{Hit, HitKind, Mention, Token, taxonomy, tokens};

/// A resume, taken apart. All indices are into its own vectors.
#[derive(Debug)]
pub struct Outline<'t> {
    /// The text it was made from.
    pub text: &'t str,
    /// Its words.
    pub words: Vec<Token<'t>>,
    /// Its lines that are not blank.
    pub lines: Vec<Line<'t>>,
    /// The words of each line, `first..last`.
    pub line_words: Vec<(usize, usize)>,
    /// The section of each line.
    pub sections: Vec<Section>,
    /// Every date and range.
    pub dates: Vec<Dated>,
    /// Titles of occupations, where they stand.
    pub titles: Vec<Hit<'static>>,
    /// Jobs held, in the order of the text.
    pub roles: Vec<Role>,
    /// Degrees and courses, in the order of the text.
    pub studies: Vec<Study>,
    /// Skills named, in the order of the text, denied ones too.
    pub mentions: Vec<Mention>,
}

impl<'t> Outline<'t> {
    /// Takes a text apart. Linear in its length, save for a factor of the longest phrase known.
    pub fn of(text: &'t str) -> Self {
        let known = taxonomy();
        let words = tokens(text);
        let lines = lines(text);
        let mut line_words = Vec::with_capacity(lines.len());
        let mut at = 0;
        for line in &lines {
            at += words
                .get(at..)
                .unwrap_or_default()
                .iter()
                .take_while(|w| w.line < line.number)
                .count();
            let count = words
                .get(at..)
                .unwrap_or_default()
                .iter()
                .take_while(|w| w.line == line.number)
                .count();
            line_words.push((at, at + count));
            at += count;
        }
        let sections = sections(&lines);
        let mut outline = Self {
            text,
            dates: dates(text, &words),
            titles: known.fields.hits(HitKind::Title, &words),
            mentions: known.skills.mentions(&words),
            words,
            lines,
            line_words,
            sections,
            roles: vec![],
            studies: vec![],
        };
        outline.studies = studies(&outline);
        outline.roles = roles(&outline);
        outline
    }

    /// The words of a line.
    pub fn words_of(&self, line: usize) -> &[Token<'t>] {
        let (first, last) = self.line_words.get(line).copied().unwrap_or_default();
        self.words.get(first..last).unwrap_or_default()
    }

    /// The line a word is on.
    pub fn line_of(&self, word: usize) -> usize {
        self.line_words
            .partition_point(|(_, last)| *last <= word)
            .min(self.lines.len().saturating_sub(1))
    }

    /// The section a word is in.
    pub fn section_of(&self, word: usize) -> Section {
        self.sections.get(self.line_of(word)).copied().unwrap_or(Section::Header)
    }

    /// Whether any of the words `first..last` is in a known title.
    pub fn has_title(&self, first: usize, last: usize) -> bool {
        let from = self.titles.partition_point(|h| h.first < first);
        self.titles.get(from).is_some_and(|h| h.first < last)
    }

    /// The part of the text between two words, both included.
    pub fn text_of(&self, first: usize, last: usize) -> &'t str {
        match (self.words.get(first), last.checked_sub(1).and_then(|i| self.words.get(i))) {
            (Some(a), Some(b)) => self.text.get(a.from..b.to()).unwrap_or_default(),
            _ => "",
        }
    }
}
