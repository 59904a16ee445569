//! What is read out of a masked resume once, for all criteria.

use std::collections::HashMap;

use domain::text::VisibleText;

use super::brief::JobBrief;
use super::mask::Masked;
use super::relevance::Relevance;
use crate::profile::dates::Month;
use crate::profile::outline::Outline;
use crate::profile::sections::Section;
use crate::taxonomy::{Gap, Hit, HitKind, Mention, SkillId, taxonomy};

/// A masked resume, understood against a job.
pub(super) struct Facts<'a> {
    pub(super) text: &'a VisibleText,
    pub(super) masked: &'a Masked,
    pub(super) outline: Outline<'a>,
    pub(super) job: &'a JobBrief,
    /// Words of trades, in order.
    pub(super) terms: Vec<Hit<'static>>,
    /// How a claimed skill is shown, at its best place.
    pub(super) shown: HashMap<SkillId, Shown>,
    /// Jobs held, with how much they bear on this one.
    pub(super) roles: Vec<RoleFacts>,
    /// How much the whole resume bears on the job, 0 to 1.
    pub(super) relevance: f32,
    pub(super) as_of: Month,
}

/// How a skill is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// 0 to 1: used in dated work counts most, merely listed least.
    pub(super) strength: f32,
    /// The words that show it.
    pub(super) at: (usize, usize),
    /// Whether it is used in dated work.
    pub(super) in_work: bool,
}

/// A job held, against this one.
#[derive(Debug, Clone)]
pub(super) struct RoleFacts {
    /// Index in the outline.
    pub(super) role: usize,
    /// How much it bears on the job, 0 to 1.
    pub(super) relevance: f32,
    /// Months since the year 0, `start..end`; `None` when it has no dates.
    pub(super) months: Option<(u32, u32)>,
    /// Words of its heading and body, `first..last`.
    pub(super) words: (usize, usize),
}

/// What a skill that only stands in a list counts against one used in dated work.
const LISTED: f32 = 0.65;
/// How many listed skills are believed in full; in a longer list each counts less.
const BELIEVED: f32 = 45.0;
/// How many words tell of a job well enough to judge it by them alone.
const TOLD: f32 = 45.0;
/// Longest time that an internship is taken to have lasted: one left open in a resume has ended since.
const TRAINING: u32 = 12;
/// Longest time that one job is taken to have lasted, in months.
const LONGEST: u32 = 40 * 12;

impl<'a> Facts<'a> {
    pub(super) fn of(
        text: &'a VisibleText,
        masked: &'a Masked,
        job: &'a JobBrief,
        as_of: Month,
    ) -> Self {
        let outline = Outline::of(&masked.text);
        let terms = taxonomy().fields.hits(HitKind::Term, &outline.words);
        let mut facts = Self {
            text,
            masked,
            outline,
            job,
            terms,
            shown: HashMap::new(),
            roles: vec![],
            relevance: 0.0,
            as_of,
        };
        facts.shown = facts.skills_shown();
        let all = (0, facts.outline.words.len());
        facts.relevance = Relevance::of(&facts, all).whole();
        facts.roles = facts.roles_held();
        facts
    }

    fn skills_shown(&self) -> HashMap<SkillId, Shown> {
        let mut listed: Vec<SkillId> =
            self.outline.mentions.iter().filter(|m| m.listed).map(|m| m.skill).collect();
        listed.sort_unstable();
        listed.dedup();
        let belief = (BELIEVED / listed.len().max(1) as f32).min(1.0);
        let mut shown: HashMap<SkillId, Shown> = HashMap::new();
        for mention in self.outline.mentions.iter().filter(|m| !m.negated) {
            let in_work = self.in_work(mention);
            let strength =
                match (in_work, mention.listed && !in_work, self.outline.section_of(mention.first))
                {
                    (true, ..) => 1.0,
                    (_, true, _) => LISTED * belief,
                    (.., Section::Projects | Section::Certificates | Section::Education) => 0.85,
                    (.., Section::Other) => 0.5,
                    _ => 0.75 * belief.max(0.6),
                };
            let here =
                Shown { strength, at: (mention.first, mention.first + mention.words), in_work };
            let best = shown.entry(mention.skill).or_insert(here);
            if here.strength > best.strength {
                *best = here;
            }
        }
        shown
    }

    /// Whether a mention stands in the body of a dated job, in a sentence or a short list there.
    fn in_work(&self, mention: &Mention) -> bool {
        let line = self.outline.line_of(mention.first);
        let held = self.outline.roles.iter().any(|r| (r.lines.0..r.lines.1).contains(&line));
        if !held {
            return false;
        }
        // A long line of nothing but skills is a list, wherever it stands.
        let (first, last) = self.outline.line_words.get(line).copied().unwrap_or_default();
        let from = self.outline.mentions.partition_point(|m| m.first < first);
        let on_line = self.outline.mentions.iter().skip(from).take_while(|m| m.first < last);
        let named: usize = on_line.map(|m| m.words).sum();
        !(mention.listed && named * 2 > last - first && last - first > 8)
    }

    fn roles_held(&self) -> Vec<RoleFacts> {
        let stated = self.stated();
        let held = self.outline.roles.iter().enumerate().map(|(i, role)| {
            let words = self.words_of_lines(role.lines.0, role.lines.1);
            let heading = self.words_of_lines(role.lines.0, role.body);
            let title = match role.title {
                Some(title) => Relevance::of_title(self, title),
                None => Relevance::of_heading(self, heading),
            };
            let own = Relevance::of(self, words).role(title);
            // Where a job's own lines say little, the rest of the resume speaks for it in part.
            let told = (words.1 - words.0) as f32 / TOLD + if title.is_some() { 0.3 } else { 0.0 };
            let rest = stated.map_or(0.0, |s| 0.5 * (self.relevance + s)).max(0.8 * self.relevance);
            let relevance = own + (1.0 - told.min(1.0)) * (rest - own).max(0.0);
            let months = role.dated.map(|d| {
                let start = d.start.index(if d.range { 1 } else { 6 });
                let end = match (d.current, d.end, d.range) {
                    (true, ..) => self.as_of.index(12) + 1,
                    (_, Some(end), _) => end.index(if end == d.start { 12 } else { 6 }) + 1,
                    (_, None, _) => start + 6,
                };
                let most = if self.is_training(role.title) { TRAINING } else { LONGEST };
                (start, end.clamp(start, start + most))
            });
            RoleFacts { role: i, relevance, months, words }
        });
        let mut held: Vec<RoleFacts> = held.collect();
        if held.is_empty() {
            held.extend(self.undated_work());
        }
        held
    }

    /// Whether a job held was an internship or the like.
    fn is_training(&self, title: Option<(usize, usize)>) -> bool {
        let words = title.and_then(|(a, b)| self.outline.words.get(a..b)).unwrap_or_default();
        words
            .iter()
            .any(|w| matches!(w.stem.as_str(), "intern" | "internship" | "traine" | "student"))
    }

    /// How much what the person says of their trade bears on the job: "Data scientist who ...", but not
    /// "looking to become a data scientist".
    fn stated(&self) -> Option<f32> {
        const HOPED: &[&str] = &[
            "look",
            "seek",
            "aspir",
            "want",
            "career",
            "becom",
            "interest",
            "goal",
            "would",
            "opportunity",
        ];
        let titles = self.outline.titles.iter().filter(|h| {
            self.outline.section_of(h.first) == Section::Summary && {
                let before = self.outline.words.get(..=h.first).unwrap_or_default();
                let sentence = before.iter().rev().scan(false, |ended, w| {
                    let open = !*ended;
                    *ended = w.gap == Gap::Stop;
                    open.then_some(w)
                });
                !sentence.take(20).any(|w| HOPED.contains(&w.stem.as_str()))
            }
        });
        titles
            .filter_map(|h| Relevance::of_title(self, (h.first, h.first + h.words)))
            .reduce(f32::max)
    }

    /// An experience section in which no date could be read is one job of unknown length.
    fn undated_work(&self) -> Option<RoleFacts> {
        let first = self.outline.sections.iter().position(|s| *s == Section::Experience)?;
        let last = self.outline.sections.iter().rposition(|s| *s == Section::Experience)? + 1;
        let words = self.words_of_lines(first + 1, last);
        (words.1 > words.0 + 3).then(|| RoleFacts {
            role: usize::MAX,
            relevance: Relevance::of(self, words).role(None),
            months: None,
            words,
        })
    }

    pub(super) fn words_of_lines(&self, first: usize, last: usize) -> (usize, usize) {
        let from = self.outline.line_words.get(first).map_or(self.outline.words.len(), |w| w.0);
        let to =
            last.checked_sub(1).and_then(|l| self.outline.line_words.get(l)).map_or(from, |w| w.1);
        (from, to.max(from))
    }
}
