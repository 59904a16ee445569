//! The profile: facts with their places, parsed out of a resume's visible text.
//!
//! Everything is a function of the text. A value stands at its span; what cannot be told is left out,
//! never made up. How each part is found is told in its own file.

pub mod contacts;
pub mod dates;
pub mod degrees;
pub mod education;
pub mod lines;
mod name_shape;
mod names;
pub mod outline;
pub mod roles;
pub mod sections;

use std::collections::BTreeMap;
use std::ops::Range;

use domain::candidate::{Basics, Education, Field, Profile, Skill, Work};
use domain::text::{Span, VisibleText};

use self::outline::Outline;
use self::sections::{Section, heading};
use crate::persuasion;
use crate::taxonomy::{SkillId, taxonomy};

/// Reads a profile out of a resume's visible text. Never fails: an empty text has an empty profile.
pub fn parse(text: &VisibleText) -> Profile {
    // Sentences that speak to a grader tell nothing of anybody.
    let plain = persuasion::blanked(text.as_str());
    let outline = Outline::of(&plain);
    let reader = Reader { text, outline: &outline };
    Profile {
        basics: reader.basics(),
        work: reader.work(),
        education: reader.education(),
        skills: reader.skills(),
        languages: reader.listed(Section::Languages, Some(LANGUAGES)),
        certificates: reader.listed(Section::Certificates, None),
    }
}

/// Languages that are looked for in a languages section.
const LANGUAGES: &[&str] = &[
    "english",
    "spanish",
    "french",
    "german",
    "italian",
    "portuguese",
    "dutch",
    "russian",
    "polish",
    "chinese",
    "mandarin",
    "cantonese",
    "japanese",
    "korean",
    "hindi",
    "bengali",
    "tamil",
    "telugu",
    "marathi",
    "gujarati",
    "punjabi",
    "urdu",
    "arabic",
    "hebrew",
    "turkish",
    "persian",
    "farsi",
    "greek",
    "swedish",
    "norwegian",
    "danish",
    "finnish",
    "czech",
    "hungarian",
    "romanian",
    "ukrainian",
    "vietnamese",
    "thai",
    "indonesian",
    "malay",
    "tagalog",
    "swahili",
    "kannada",
    "malayalam",
    "deutsch",
    "englisch",
    "français",
    "español",
];

struct Reader<'a, 't> {
    text: &'a VisibleText,
    outline: &'a Outline<'t>,
}

impl Reader<'_, '_> {
    fn field(&self, start: u32, end: u32, confidence: f64) -> Option<Field> {
        let value = self.text.slice(Span { start, end })?.to_owned();
        Some(Field { value, start, end, confidence })
    }

    fn words(&self, (first, last): (usize, usize), confidence: f64) -> Option<Field> {
        let from = self.outline.words.get(first)?.start;
        let to = self.outline.words.get(last.checked_sub(1)?)?.end;
        self.field(from, to, confidence)
    }

    fn bytes(&self, range: &Range<usize>, confidence: f64) -> Option<Field> {
        let span = self.text.span_of_bytes(range.start, range.end)?;
        self.field(span.start, span.end, confidence)
    }

    fn lines(&self, first: usize, last: usize, confidence: f64) -> Option<Field> {
        let from = self.outline.lines.get(first)?.start;
        let to = self.outline.lines.get(last.checked_sub(1)?)?.end;
        (from < to).then(|| self.field(from, to, confidence)).flatten()
    }

    fn basics(&self) -> Basics {
        let text = self.text.as_str();
        let emails = contacts::emails(text);
        let links: Vec<_> =
            contacts::links(text).into_iter().filter(|l| !overlaps(l, &emails)).collect();
        let phones: Vec<_> = contacts::phones(text)
            .into_iter()
            .filter(|p| !overlaps(p, &links) && !overlaps(p, &emails))
            .collect();
        let handles: Vec<&str> =
            emails.iter().chain(&links).filter_map(|r| text.get(r.clone())).collect();
        let all: Vec<_> = emails.iter().chain(&phones).chain(&links).cloned().collect();
        let name = names::name(self.outline, &handles, &all);
        let summary =
            self.section(Section::Summary).and_then(|(first, last)| self.lines(first, last, 0.8));
        Basics {
            label: self.label(name.map(|n| (n.start, n.end))),
            name: name.and_then(|n| self.field(n.start, n.end, n.confidence)).map(joined),
            email: emails.first().and_then(|r| self.bytes(r, 0.98)),
            phone: phones.first().and_then(|r| self.bytes(r, 0.9)),
            profiles: links.iter().take(8).filter_map(|r| self.bytes(r, 0.9)).collect(),
            summary,
        }
    }

    /// The lines under the first heading of a section, `first..last`.
    fn section(&self, wanted: Section) -> Option<(usize, usize)> {
        let first = self.outline.sections.iter().position(|s| *s == wanted)?;
        let last = self
            .outline
            .sections
            .iter()
            .skip(first)
            .position(|s| *s != wanted)
            .map_or(self.outline.lines.len(), |n| first + n);
        let bare =
            self.outline.lines.get(first).and_then(heading).is_some_and(|(_, inline)| !inline);
        let body = first + usize::from(bare);
        (body < last).then_some((body, last))
    }

    /// A title that stands alone on a line before the first heading.
    fn label(&self, name: Option<(u32, u32)>) -> Option<Field> {
        let header = self.outline.sections.iter().take_while(|s| **s == Section::Header).count();
        let lines = self.outline.lines.iter().enumerate().take(header.min(12));
        let mut titled = lines.filter(|(i, line)| {
            let (first, last) = self.outline.line_words.get(*i).copied().unwrap_or_default();
            let apart = name.is_none_or(|(start, end)| line.start >= end || line.end <= start);
            apart
                && line.word_count() <= 9
                && self.outline.has_title(first, last)
                && !line.text.contains('@')
        });
        let (_, line) = titled.next()?;
        let marks = ['#', '*', '_', ' '];
        let words = line.text.trim_start_matches(marks);
        let start = line.end - words.chars().count() as u32;
        let cut = words.chars().rev().take_while(|c| marks.contains(c)).count() as u32;
        self.field(start, line.end - cut, 0.7)
    }

    fn work(&self) -> Vec<Work> {
        let mut roles: Vec<_> = self.outline.roles.iter().collect();
        let latest = |r: &&roles::Role| {
            r.dated.map_or(
                0,
                |d| if d.current { u32::MAX } else { d.end.unwrap_or(d.start).index(12) },
            )
        };
        roles.sort_by_key(|r| std::cmp::Reverse(latest(r)));
        roles
            .into_iter()
            .map(|role| {
                let dated = role.dated;
                let at = dated.and_then(|d| self.words((d.first, d.last), 0.9));
                let date = |value: String| at.clone().map(|f| Field { value, ..f });
                Work {
                    position: role.title.and_then(|t| self.words(t, 0.8)),
                    name: role.employer.and_then(|e| self.words(e, 0.6)),
                    start_date: dated.and_then(|d| date(d.start.to_string())),
                    end_date: dated.and_then(|d| d.end).and_then(|m| date(m.to_string())),
                    current: dated.is_some_and(|d| d.current),
                    summary: self.lines(role.body, role.lines.1, 0.8),
                }
            })
            .collect()
    }

    fn education(&self) -> Vec<Education> {
        let studies = self.outline.studies.iter();
        studies
            .map(|study| {
                let degree = self.words(study.degree, 0.85);
                Education {
                    institution: study.institution.and_then(|i| self.words(i, 0.7)),
                    area: study.area.and_then(|a| self.words(a, 0.7)),
                    end_date: study
                        .end
                        .and_then(|end| Some(Field { value: end.to_string(), ..degree.clone()? })),
                    study_type: degree,
                    level: Some(study.level),
                }
            })
            .collect()
    }

    /// Skills that are claimed at least once, by canonical name, in the order of first mention.
    fn skills(&self) -> Vec<Skill> {
        let mut first: BTreeMap<SkillId, (usize, u32)> = BTreeMap::new();
        for (i, mention) in self.outline.mentions.iter().enumerate().filter(|(_, m)| !m.negated) {
            first.entry(mention.skill).or_insert((i, 0)).1 += 1;
        }
        let mut found: Vec<_> = first.into_iter().collect();
        found.sort_by_key(|(_, (at, _))| *at);
        let skill = |(id, (at, mentions)): (SkillId, (usize, u32))| {
            let mention = self.outline.mentions.get(at)?;
            let name = taxonomy().skills.get(id)?.name.to_owned();
            let place = self.words((mention.first, mention.first + mention.words), 0.85)?;
            Some(Skill { name: Field { value: name, ..place }, mentions })
        };
        found.into_iter().filter_map(skill).collect()
    }

    /// The items of a section's lines; only the words of `known`, where it is given.
    fn listed(&self, wanted: Section, known: Option<&[&str]>) -> Vec<Field> {
        let mut found = Vec::new();
        for (i, line) in self
            .outline
            .lines
            .iter()
            .enumerate()
            .filter(|(i, _)| self.outline.sections.get(*i) == Some(&wanted))
        {
            match known {
                Some(known) => {
                    let words = self
                        .outline
                        .words_of(i)
                        .iter()
                        .filter(|w| known.contains(&w.text.to_lowercase().as_str()));
                    found.extend(words.filter_map(|w| self.field(w.start, w.end, 0.9)));
                }
                None if heading(line).is_none() => {
                    let text = line.text.trim_start_matches(|c: char| {
                        lines::BULLETS.contains(&c) || c.is_whitespace()
                    });
                    let skipped = (line.text.chars().count() - text.chars().count()) as u32;
                    found.extend(
                        self.field(line.start + skipped, line.end, 0.6)
                            .filter(|f| f.value.len() > 2),
                    );
                }
                None => {}
            }
        }
        found
    }
}

/// A name of two lines is one name: its words with one blank between them, at the place of both.
fn joined(name: Field) -> Field {
    let value = name.value.split_whitespace().collect::<Vec<_>>().join(" ");
    Field { value, ..name }
}

fn overlaps(range: &Range<usize>, others: &[Range<usize>]) -> bool {
    others.iter().any(|o| range.start < o.end && o.start < range.end)
}
