//! Soft skills and trajectory: shown by what was done, not by adjectives.

use domain::score::{Grade, Level};

use super::experience::{progression, related_years};
use super::facts::Facts;
use super::wording::{names, sentence};
use crate::profile::sections::Section;
use crate::taxonomy::negated;

/// What a verb of the first column shows.
const DEEDS: &[(&str, &[&str])] = &[
    (
        "leading",
        &[
            "led",
            "supervis",
            "manag",
            "direct",
            "head",
            "oversaw",
            "overse",
            "spearhead",
            "chair",
            "captain",
            "founded",
        ],
    ),
    (
        "teaching",
        &["train", "mentor", "taught", "teach", "coach", "tutor", "onboard", "instruct", "educat"],
    ),
    (
        "working with others",
        &[
            "collaborat",
            "partner",
            "coordinat",
            "liais",
            "liaison",
            "facilitat",
            "team",
            "assist",
            "support",
        ],
    ),
    (
        "persuading",
        &["negotiat", "present", "persuad", "pitch", "advocat", "counsel", "advis", "consult"],
    ),
    (
        "initiative",
        &[
            "initiat",
            "launch",
            "creat",
            "establish",
            "introduc",
            "pioneer",
            "volunteer",
            "organiz",
            "organis",
            "implement",
            "found",
            "built",
        ],
    ),
    ("resolving", &["resolv", "mediat", "solv", "troubleshoot", "improv", "streamlin"]),
    ("recognition", &["award", "promot", "recogniz", "honor", "nominat", "select"]),
];

pub(super) fn grade(facts: &Facts<'_>, id: &str) -> Grade {
    let mut kinds: Vec<(&str, usize, f32)> = Vec::new(); // kind, word, weight
    let mut strong = 0usize;
    for (line, (first, last)) in facts.outline.line_words.iter().copied().enumerate() {
        let section = facts.outline.sections.get(line).copied().unwrap_or(Section::Header);
        let words = facts.outline.words.get(first..last).unwrap_or_default();
        // A deed is told in a phrase, in work, projects or activities; a bare word in a list is none.
        if words.len() < 4
            || matches!(
                section,
                Section::Skills | Section::Header | Section::Other | Section::Languages
            )
        {
            continue;
        }
        let related = facts
            .roles
            .iter()
            .filter(|r| (r.words.0..r.words.1).contains(&first))
            .map(|r| r.relevance)
            .fold(0.0, f32::max);
        for (at, word) in (first..).zip(words) {
            let Some((kind, _)) =
                DEEDS.iter().find(|(_, verbs)| verbs.contains(&word.stem.as_str()))
            else {
                continue;
            };
            let past = word.text.ends_with("ed")
                || matches!(word.stem.as_str(), "led" | "taught" | "oversaw" | "built");
            let opens = at <= first + 1;
            if !(past || opens) || negated(&facts.outline.words, at, 1) {
                continue;
            }
            let outcome = words.iter().any(|w| w.text.contains(|c: char| c.is_ascii_digit()));
            let people = words.iter().any(|w| {
                matches!(
                    w.stem.as_str(),
                    "team"
                        | "staff"
                        | "employe"
                        | "people"
                        | "student"
                        | "member"
                        | "client"
                        | "department"
                        | "volunteer"
                        | "intern"
                        | "stakehold"
                        | "developer"
                        | "trainer"
                        | "partner"
                )
            });
            strong += usize::from(
                outcome && matches!(*kind, "leading" | "teaching" | "working with others"),
            );
            let weight = (0.5 + 0.5 * related)
                * if outcome && people {
                    1.3
                } else if outcome || people {
                    1.0
                } else {
                    0.6
                };
            kinds.push((kind, at, weight));
        }
    }
    let mut best: Vec<(&str, usize, f32)> = Vec::new();
    for deed in kinds {
        match best.iter_mut().find(|b| b.0 == deed.0) {
            Some(known) if known.2 < deed.2 => *known = deed,
            Some(_) => {}
            None => best.push(deed),
        }
    }
    best.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.1.cmp(&b.1)));
    let shown: f32 = best.iter().map(|b| b.2).sum();
    let adjectives: Vec<(usize, usize)> = facts
        .outline
        .mentions
        .iter()
        .filter(|m| {
            !m.negated
                && crate::taxonomy::taxonomy()
                    .skills
                    .get(m.skill)
                    .is_some_and(|s| s.group == "soft")
        })
        .map(|m| (m.first, m.first + m.words))
        .collect();
    let growth = progression(facts);
    let steady = (related_years(facts) / 6.0).min(1.0);
    let mut share = 0.08 * (adjectives.len().min(3) as f32 / 3.0)
        + 0.5 * (shown / 4.5).min(1.0)
        + 0.12 * (strong.min(3) as f32 / 3.0);
    share += if growth.is_some() { 0.15 } else { 0.0 } + 0.15 * steady;
    if best.is_empty() {
        share = share.min(0.2); // bare adjectives: the first anchor and no more
    }
    let grown = growth.and_then(|(_, later)| facts.outline.roles.get(later)).and_then(|r| r.title);
    let places =
        best.iter().map(|b| (b.1, b.1 + 1)).chain(grown).chain(adjectives.iter().copied().take(2));
    let evidence = facts.quotes(places);
    let level = if evidence.is_empty() { Level::ZERO } else { Level::from_share(f64::from(share)) };
    let kinds: Vec<&str> = best.iter().map(|b| b.0).collect();
    let gist = match (kinds.is_empty(), adjectives.is_empty()) {
        (true, true) => String::from("nothing about working with others, initiative or growth"),
        (true, false) => String::from("soft skills are listed, none is shown by something done"),
        _ => format!("{} shown by things done", names(&kinds, 4)),
    };
    let outcomes = if strong > 0 { "with outcomes in numbers" } else { "" };
    let grew = if growth.is_some() { "titles grew over time" } else { "" };
    let rationale = sentence(&[gist, outcomes.into(), grew.into()]);
    Grade { criterion: id.into(), level, rationale, evidence, confidence: 0.55 }
}
