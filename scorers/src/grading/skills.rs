//! Skills match: how much of what the job asks for the resume shows, and how.

use domain::score::{Grade, Level};

use super::brief::group_weight;
use super::facts::Facts;
use super::wording::{names, sentence};
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
    let mut met: Vec<(SkillId, bool)> = Vec::new(); // which, and whether it is required
    let mut missing: Vec<SkillId> = Vec::new();
    let mut must = 0usize;
    for need in needs {
        asked += need.weight;
        must += usize::from(need.must_have);
        let any = std::iter::once(need.skill).chain(need.or.iter().copied());
        let shown = any.filter_map(|s| Some((s, facts.shown.get(&s)?)));
        match shown.reduce(|a, b| if b.1.strength > a.1.strength { b } else { a }) {
            Some((skill, shown)) => {
                have += need.weight * shown.strength;
                met.push((skill, need.must_have));
            }
            None => {
                have += related(facts, need.skill).map_or(0.0, |s| need.weight * RELATED * s);
                missing.extend(need.must_have.then_some(need.skill));
            }
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
    let rationale = sentence(&clauses(facts, &met, &missing, must));
    Grade {
        criterion: id.into(),
        level,
        rationale,
        evidence,
        confidence: f64::from(0.5 + 0.4 * trust),
    }
}

/// What is shown of what is asked for, what is missing, and the rest.
fn clauses(
    facts: &Facts<'_>,
    met: &[(SkillId, bool)],
    missing: &[SkillId],
    must: usize,
) -> Vec<String> {
    let called = |ids: &[SkillId]| -> Vec<&'static str> {
        ids.iter().filter_map(|s| taxonomy().skills.get(*s)).map(|s| s.name).collect()
    };
    let of = |required: bool| -> Vec<SkillId> {
        met.iter().filter(|m| m.1 == required).map(|m| m.0).collect()
    };
    let counts = if must > 0 { of(true) } else { of(false) };
    let all = if must > 0 { must } else { facts.job.needs.skills.len() };
    let asked = if must > 0 { "required" } else { "named" };
    let mut gist = match all {
        0 => {
            return vec![format!(
                "the job names no skill; the resume's words match its trade {}",
                how_much(facts.relevance)
            )];
        }
        1 => format!("{} of 1 {asked} skill", counts.len()),
        n => format!("{} of {n} {asked} skills", counts.len()),
    };
    if !counts.is_empty() {
        gist += &format!(" ({})", names(&called(&counts), 3));
        let used = counts.iter().filter(|s| facts.shown.get(s).is_some_and(|s| s.in_work)).count();
        gist += &match used {
            0 => String::from(", none used in dated work"),
            n if n == counts.len() && n > 1 => String::from(", all used in dated work"),
            n => format!(", {n} used in dated work"),
        };
    }
    let lacks = match missing {
        [] => String::new(),
        ids => format!("missing: {}", names(&called(ids), 4)),
    };
    let more = of(false);
    let extra = if must > 0 && !more.is_empty() {
        format!("also {}", names(&called(&more), 3))
    } else {
        String::new()
    };
    vec![gist, lacks, extra]
}

/// The first half of what is asked is told sooner than the last: few resumes name everything.
fn stretched(share: f32) -> f32 {
    share.clamp(0.0, 1.0).powf(0.7)
}

fn how_much(relevance: f32) -> &'static str {
    match relevance {
        r if r >= 0.7 => "closely",
        r if r >= 0.45 => "largely",
        r if r >= 0.2 => "in part",
        _ => "hardly",
    }
}

/// How strongly another skill of the same group is shown, at its best.
fn related(facts: &Facts<'_>, skill: SkillId) -> Option<f32> {
    let group = taxonomy().skills.get(skill)?.group;
    if !ALIKE.contains(&group) || group_weight(group) < 1.0 {
        return None;
    }
    let same = facts
        .shown
        .iter()
        .filter(|(other, _)| taxonomy().skills.get(**other).is_some_and(|s| s.group == group));
    same.map(|(_, shown)| shown.strength).max_by(f32::total_cmp)
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
