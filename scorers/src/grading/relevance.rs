//! How much a stretch of a resume bears on the job: by the field its words belong to, and by the
//! words it shares with the job's own text.

use std::collections::{HashMap, HashSet};

use super::brief::{group_nearness, skill_key};
use super::facts::Facts;
use crate::taxonomy::{FieldId, Hit, SkillId, taxonomy};

/// How a stretch of text bears on the job, each 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Relevance {
    /// Share of its trade words that belong to the job's field or fields near it.
    pub(super) field: f32,
    /// Share of the job's own words that it uses.
    pub(super) words: f32,
}

/// Votes that are not for any field: a few words of a trade are no proof of it.
const DOUBT: f32 = 2.5;
/// Different words of trades that a resume of usual length has.
const USUAL_STEMS: f32 = 150.0;
/// What one title counts against one word of a trade.
const TITLE: f32 = 3.0;
/// What one skill counts through its group.
const SKILL: f32 = 1.2;

impl Relevance {
    /// Of the words `first..last`.
    pub(super) fn of(facts: &Facts<'_>, (first, last): (usize, usize)) -> Self {
        let words = facts.outline.words.get(first..last).unwrap_or_default();
        let mut stems: HashSet<&str> = HashSet::new();
        let (mut shared, mut usual) = (0f32, 0f32);
        for word in words {
            if stems.insert(&word.stem) {
                shared += facts.job.needs.terms.get(&word.stem).copied().unwrap_or(0.0);
                // Only words of trades: a name or an employer does not make a resume longer.
                let counts = word.stem.len() > 2 && taxonomy().is_vocabulary(&word.stem);
                usual += f32::from(u8::from(counts));
            }
        }
        let mut skills: HashSet<SkillId> = HashSet::new();
        let from = facts.outline.mentions.partition_point(|m| m.first < first);
        for mention in facts.outline.mentions.iter().skip(from).take_while(|m| m.first < last) {
            if !mention.negated && skills.insert(mention.skill) {
                let key = skill_key(mention.skill);
                shared += facts.job.needs.terms.get(&key).copied().unwrap_or(0.0);
            }
        }
        let share = if facts.job.needs.term_weight > 0.0 {
            shared / facts.job.needs.term_weight
        } else {
            0.0
        };
        // A long resume uses more of any job's words by chance.
        let long = (USUAL_STEMS / usual.max(1.0)).min(1.0).powf(0.35);
        Self { field: field_share(facts, first, last), words: share * long }
    }

    /// Of a title alone: by its fields, or by the words it shares with the job's title. `None` for a
    /// title that is of no known field, which says nothing either way.
    pub(super) fn of_title(facts: &Facts<'_>, (first, last): (usize, usize)) -> Option<f32> {
        let within = |h: &&Hit<'_>| h.first >= first && h.first + h.words <= last;
        let by_field = facts.outline.titles.iter().filter(within).map(|h| {
            let near = || h.fields.iter().map(|f| nearness(facts, *f));
            let mean = near().sum::<f32>() / h.fields.len().max(1) as f32;
            // "Analyst" alone is of many fields, "data analyst" of one.
            let best = if h.words > 1 { 0.6 } else { 0.3 };
            (best * near().fold(0.0, f32::max) + (1.0 - best) * mean, h.words > 1)
        });
        let by_field = by_field.reduce(|a, b| if b.0 > a.0 { b } else { a });
        // "Python Intern", "Big Data Analysis": a title that names a skill is of the fields that use it.
        let mentions = facts.outline.mentions.iter();
        let named = mentions.filter(|m| m.first >= first && m.first + m.words <= last);
        let groups = named.filter_map(|m| taxonomy().skills.get(m.skill)).map(|s| s.group);
        let by_skill = groups.map(|g| 0.8 * group_nearness(g, &facts.job.needs.fields));
        let by_skill = by_skill.filter(|n| *n > 0.0).reduce(f32::max);
        let words = facts.outline.words.get(first..last).unwrap_or_default();
        let asked = &facts.job.needs.title_stems;
        let same = words.iter().filter(|w| asked.contains(&w.stem)).count();
        let by_words = (same > 0).then(|| (0.5 + 0.5 * same as f32 / asked.len() as f32).min(1.0));
        match (by_field, by_words) {
            // A veterinary nurse shares a word with a ward nurse, not the work.
            (Some((field, true)), Some(words)) if field < 0.4 => Some(0.5 * (field + words)),
            (field, words) => {
                field.map(|f| f.0).into_iter().chain(words).chain(by_skill).reduce(f32::max)
            }
        }
    }

    /// Of a heading without a known title ("Risk Analytics, June 2019 to date"), by its words of trades.
    pub(super) fn of_heading(facts: &Facts<'_>, (first, last): (usize, usize)) -> Option<f32> {
        let within = |h: &&Hit<'_>| h.first >= first && h.first + h.words <= last;
        let near = |h: &Hit<'_>| h.fields.iter().map(|f| nearness(facts, *f)).fold(0.0, f32::max);
        let terms = facts.terms.iter().filter(within).filter(|h| h.fields.len() <= 2);
        terms.map(|h| 0.8 * near(h)).reduce(f32::max).filter(|n| *n > 0.2)
    }

    /// Of the whole resume.
    pub(super) fn whole(self) -> f32 {
        (0.62 * (self.field / 0.55).min(1.0) + 0.38 * (self.words / 0.4).min(1.0)).clamp(0.0, 1.0)
    }

    /// Of one job held: its title, where it has one, says as much as its body.
    pub(super) fn role(self, title: Option<f32>) -> f32 {
        let body = (0.7 * (self.field / 0.55).min(1.0) + 0.3 * (self.words / 0.25).min(1.0))
            .clamp(0.0, 1.0);
        match title {
            Some(title) => 0.5 * title + 0.5 * body,
            None => 0.9 * body,
        }
    }
}

fn nearness(facts: &Facts<'_>, field: FieldId) -> f32 {
    facts.job.needs.fields.get(usize::from(field)).copied().unwrap_or(0.0)
}

/// The share of trade words in `first..last` that are of the job's field, near fields counting in part.
fn field_share(facts: &Facts<'_>, first: usize, last: usize) -> f32 {
    let fields = &taxonomy().fields;
    let mut votes = vec![0f32; fields.count()];
    let mut seen: HashMap<(u8, &str), f32> = HashMap::new();
    for (kind, weight, hits) in [(0u8, TITLE, &facts.outline.titles), (1, 1.0, &facts.terms)] {
        let from = hits.partition_point(|h| h.first < first);
        for hit in hits.iter().skip(from).take_while(|h| h.first < last) {
            let Some(word) = facts.outline.words.get(hit.first) else { continue };
            // The same word again counts less and less.
            let times = seen.entry((kind, word.stem.as_str())).or_insert(0.0);
            *times += 1.0;
            let each = weight / times.powf(1.2) / (hit.fields.len() as f32).powf(0.8);
            for field in hit.fields {
                if let Some(vote) = votes.get_mut(usize::from(*field)) {
                    *vote += each;
                }
            }
        }
    }
    let from = facts.outline.mentions.partition_point(|m| m.first < first);
    for mention in facts
        .outline
        .mentions
        .iter()
        .skip(from)
        .take_while(|m| m.first < last)
        .filter(|m| !m.negated)
    {
        let Some(skill) = taxonomy().skills.get(mention.skill) else { continue };
        let times = seen.entry((2, skill.name)).or_insert(0.0);
        *times += 1.0;
        let using: Vec<(usize, f32)> = fields
            .entries()
            .iter()
            .enumerate()
            .filter_map(|(i, f)| {
                f.groups.iter().find(|(g, _)| *g == skill.group).map(|(_, w)| (i, *w))
            })
            .collect();
        let total: f32 = using.iter().map(|(_, w)| w).sum();
        for (field, weight) in using {
            if let Some(vote) = votes.get_mut(field) {
                *vote += SKILL * weight / total.max(1.0) / times.powf(1.2);
            }
        }
    }
    let all: f32 = votes.iter().sum();
    let near: f32 = votes.iter().zip(&facts.job.needs.fields).map(|(v, n)| v * n).sum();
    near / (all + DOUBT)
}
