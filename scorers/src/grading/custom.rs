//! Criteria of other rubrics: graded as the standard one they are about, or by the skills they name.

use domain::rubric::{Criterion, EDUCATION, EXPERIENCE, SKILLS, SOFT};
use domain::score::{Grade, Level};

use super::facts::Facts;
use crate::taxonomy::{SkillId, taxonomy, tokens};

/// What a label must speak of to be graded as a standard criterion, asked in this order.
const ABOUT: &[(&str, &[&str])] = &[
    (
        EDUCATION,
        &["education", "degree", "academic", "qualification", "training", "certification", "study"],
    ),
    (
        SOFT,
        &[
            "soft",
            "communication",
            "leadership",
            "team",
            "culture",
            "vibe",
            "trajectory",
            "interpersonal",
            "attitude",
            "collaboration",
            "growth",
            "mindset",
        ],
    ),
    (
        EXPERIENCE,
        &[
            "experience",
            "tenure",
            "seniority",
            "impact",
            "track",
            "career",
            "history",
            "achievement",
            "result",
        ],
    ),
    (
        SKILLS,
        &[
            "skill",
            "technical",
            "technology",
            "stack",
            "tool",
            "competency",
            "expertise",
            "requirement",
            "match",
        ],
    ),
];

/// The standard criterion that this one is about, if any. A label that names skills itself is about those.
pub(super) fn standard(criterion: &Criterion) -> Option<&'static str> {
    let known = [SKILLS, EXPERIENCE, EDUCATION, SOFT];
    if let Some(id) = known.into_iter().find(|id| *id == criterion.id) {
        return Some(id);
    }
    if named(&criterion.label)
        .iter()
        .any(|s| taxonomy().skills.get(*s).is_some_and(|s| s.group != "soft"))
    {
        return None;
    }
    let stems: Vec<String> = tokens(&criterion.label).into_iter().map(|t| t.stem).collect();
    ABOUT
        .iter()
        .find(|(_, words)| words.iter().any(|w| stems.contains(&crate::taxonomy::stem(w))))
        .map(|(id, _)| *id)
}

/// The skills that a criterion's label and anchors name.
pub(super) fn skills_of(criterion: &Criterion) -> Vec<SkillId> {
    let mut found = named(&criterion.label);
    if found.is_empty() {
        found = criterion
            .anchors
            .iter()
            .flat_map(|a| named(a))
            .filter(|s| taxonomy().skills.get(*s).is_some_and(|s| s.group != "soft"))
            .collect();
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn named(text: &str) -> Vec<SkillId> {
    taxonomy().skills.mentions(&tokens(text)).into_iter().map(|m| m.skill).collect()
}

/// Grades by the share of the named skills that the resume shows.
pub(super) fn grade(facts: &Facts<'_>, criterion: &Criterion, skills: &[SkillId]) -> Grade {
    let shown: Vec<_> = skills.iter().filter_map(|s| facts.shown.get(s)).collect();
    let share = shown.iter().map(|s| s.strength).sum::<f32>() / skills.len().max(1) as f32;
    let evidence = facts.quotes(shown.iter().map(|s| s.at));
    let level = if evidence.is_empty() { Level::ZERO } else { Level::from_share(f64::from(share)) };
    let rationale = format!(
        "{} of {} skills that \"{}\" names are shown.",
        shown.len(),
        skills.len(),
        criterion.label
    );
    Grade { criterion: criterion.id.clone(), level, rationale, evidence, confidence: 0.5 }
}
