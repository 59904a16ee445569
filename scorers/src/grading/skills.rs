//! Skills match: how much of what the job asks for the resume shows, and how.

use domain::score::{Grade, Level};

use super::brief::group_weight;
use super::facts::Facts;
use crate::taxonomy::{SkillId, taxonomy};

/// What a related skill (of the same group) counts for one that is missing.
const RELATED: f32 = 0.3;
/// Weight of named skills at which they and the job's know-how count the same.
const EVEN: f32 = 2.0;
/// Groups whose skills stand in for one another.
const ALIKE: &[&str] = &[
    "programming",
    "web",
    "database",
    "data",
    "machine-learning",
    "cloud",
    "design",
    "engineering",
    "accounting",
    "digital-media",
];

pub(super) fn grade(facts: &Facts<'_>, id: &str) -> Grade {
    let needs = &facts.job.needs.skills;
    let (mut have, mut asked) = (0f32, 0f32);
    let mut met: Vec<(SkillId, f32)> = Vec::new();
    let mut near: Vec<SkillId> = Vec::new();
    let mut missing: Vec<SkillId> = Vec::new();
    let (mut must_met, mut must) = (0usize, 0usize);
    for need in needs {
        asked += need.weight;
        must += usize::from(need.must_have);
        match facts.shown.get(&need.skill) {
            Some(shown) => {
                have += need.weight * shown.strength;
                must_met += usize::from(need.must_have);
                met.push((need.skill, need.weight));
            }
            None => match related(facts, need.skill) {
                Some((other, strength)) => {
                    have += need.weight * RELATED * strength;
                    near.push(other);
                    missing.extend(need.must_have.then_some(need.skill));
                }
                None => missing.extend(need.must_have.then_some(need.skill)),
            },
        }
    }
    let named = if asked > 0.0 { have / asked } else { 0.0 };
    let know_how = facts.relevance;
    // A job that names few telling skills is judged by the words of its trade instead.
    let trust = asked / (asked + EVEN);
    let share = trust * (0.8 * stretched(named) + 0.2 * know_how)
        + (1.0 - trust) * (0.12 * named + 0.88 * know_how);
    let mut evidence =
        facts.quotes(met.iter().filter_map(|(skill, _)| facts.shown.get(skill)).map(|s| s.at));
    if evidence.len() < 3 {
        evidence.extend(
            facts
                .quotes(telling_words(facts))
                .into_iter()
                .filter(|q| share > 0.08 && !q.quote.is_empty())
                .take(3 - evidence.len()),
        );
        evidence.dedup_by(|a, b| a.start == b.start);
    }
    let level = if evidence.is_empty() { Level::ZERO } else { Level::from_share(f64::from(share)) };
    let names = |ids: &[SkillId], most: usize| {
        let names: Vec<&str> = ids
            .iter()
            .filter_map(|s| taxonomy().skills.get(*s))
            .take(most)
            .map(|s| s.name)
            .collect();
        let more = ids.len().saturating_sub(names.len());
        if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
    };
    let met: Vec<SkillId> = met.into_iter().map(|(s, _)| s).collect();
    let mut rationale = if must == 0 {
        String::from("The job names no skill of its own")
    } else {
        format!("{must_met} of {must} required skills are shown")
    };
    if !met.is_empty() {
        rationale += &format!(": {}", names(&met, 8));
    }
    if !missing.is_empty() {
        rationale += &format!("; missing: {}", names(&missing, 6));
    }
    near.sort_unstable();
    near.dedup();
    if !near.is_empty() {
        rationale += &format!("; related: {}", names(&near, 3));
    }
    let in_work = met.iter().filter(|s| facts.shown.get(s).is_some_and(|s| s.in_work)).count();
    if in_work > 0 {
        rationale += &format!("; {in_work} used in dated work");
    }
    rationale += &format!(". The words of the job's trade are used {}.", how_much(know_how));
    Grade {
        criterion: id.into(),
        level,
        rationale,
        evidence,
        confidence: f64::from(0.5 + 0.4 * trust),
    }
}

/// The first half of what is asked is told sooner than the last: few resumes name everything.
fn stretched(share: f32) -> f32 {
    share.clamp(0.0, 1.0).powf(0.7)
}

pub(super) fn how_much(relevance: f32) -> &'static str {
    match relevance {
        r if r >= 0.7 => "throughout",
        r if r >= 0.45 => "often",
        r if r >= 0.2 => "here and there",
        _ => "hardly at all",
    }
}

/// A shown skill of the same group, the strongest one.
fn related(facts: &Facts<'_>, skill: SkillId) -> Option<(SkillId, f32)> {
    let group = taxonomy().skills.get(skill)?.group;
    if !ALIKE.contains(&group) || group_weight(group) < 1.0 {
        return None;
    }
    let same = facts
        .shown
        .iter()
        .filter(|(other, _)| taxonomy().skills.get(**other).is_some_and(|s| s.group == group));
    same.map(|(other, shown)| (*other, shown.strength))
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
}

/// Where the resume uses the job's own words, the heaviest first.
fn telling_words(facts: &Facts<'_>) -> Vec<(usize, usize)> {
    let terms = &facts.job.needs.terms;
    let mut best: Vec<(f32, usize)> = Vec::new();
    for (line, (first, last)) in facts.outline.line_words.iter().enumerate() {
        let words = facts.outline.words.get(*first..*last).unwrap_or_default();
        let weight: f32 = words.iter().map(|w| terms.get(&w.stem).copied().unwrap_or(0.0)).sum();
        let fields = facts
            .terms
            .iter()
            .skip(facts.terms.partition_point(|h| h.first < *first))
            .take_while(|h| h.first < *last);
        let trade: f32 = fields
            .map(|h| {
                h.fields
                    .iter()
                    .filter_map(|f| facts.job.needs.fields.get(usize::from(*f)))
                    .copied()
                    .fold(0.0, f32::max)
            })
            .sum();
        if weight + trade > 0.4 {
            best.push((weight + trade, line));
        }
    }
    best.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    best.into_iter()
        .take(6)
        .filter_map(|(_, line)| facts.outline.line_words.get(line).copied())
        .map(|(first, _)| (first, first + 1))
        .collect()
}
