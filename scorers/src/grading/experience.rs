//! Experience depth: related years from dated jobs, results in numbers, and growing duties.

use domain::score::{Grade, Level};

use super::facts::{Facts, RoleFacts};
use super::relevance::Relevance;
use super::wording::{counted, sentence};
use crate::profile::sections::Section;
use crate::taxonomy::Gap;

/// Years that a job is taken to ask for where it does not say.
const USUAL_YEARS: f32 = 3.0;
/// A job held counts as related from here on.
pub(super) const RELATED: f32 = 0.35;

pub(super) fn grade(facts: &Facts<'_>, id: &str) -> Grade {
    let years = related_years(facts);
    // "0-2 years" asks for none: half a year is taken to show that work was held at all.
    let asked = facts.job.needs.years.map_or(USUAL_YEARS, |y| y.max(0.5));
    let best = facts.roles.iter().map(|r| r.relevance).fold(0.0, f32::max);
    let impact = impact(facts);
    let growth = progression(facts);
    let undated = facts.roles.iter().any(|r| r.months.is_none());
    let tenure = if undated && years <= 0.0 { 0.25 } else { (years / asked).min(1.0).powf(0.8) };
    let beyond = ((years - asked) / (2.0 * asked)).clamp(0.0, 1.0);
    let results = (impact.len() as f32 / 4.0).min(1.0);
    let depth = 0.15
        + 0.45 * tenure
        + 0.2 * results
        + 0.08 * f32::from(u8::from(growth.is_some()))
        + 0.12 * beyond;
    // Who asks for no tenure looks at projects too.
    let projects =
        if facts.job.needs.years.is_some_and(|y| y < 1.0) { projects(facts) } else { 0.0 };
    let depth = (depth + 0.12 * projects).min(1.0);
    // No depth makes up for work in another field.
    let bears = ((best.max(0.5 * projects) - 0.12) / 0.6).clamp(0.0, 1.0);
    let share = if facts.roles.is_empty() { 0.0 } else { depth * bears };
    let mut related: Vec<&RoleFacts> = facts.roles.iter().collect();
    related.sort_by(|a, b| b.relevance.total_cmp(&a.relevance).then(a.words.0.cmp(&b.words.0)));
    let heads = related.iter().filter(|r| r.relevance >= 0.15).take(3).map(|r| head(facts, r));
    let evidence = facts.quotes(heads.chain(impact.iter().take(3).copied()));
    let level = if evidence.is_empty() { Level::ZERO } else { Level::from_share(f64::from(share)) };
    let count = related.iter().filter(|r| r.relevance >= RELATED).count();
    let asked = match facts.job.needs.years {
        Some(asked) if asked < 1.0 => String::from(", none asked for"),
        Some(asked) => format!(", {asked:.0}+ asked for"),
        None => String::new(),
    };
    let gist = match (count, facts.roles.len()) {
        (_, 0) => String::from("no dated work is stated"),
        (0, 1) => String::from("the one job held is not closely related"),
        (0, n) => format!("none of {n} jobs held is closely related"),
        _ if undated && years <= 0.0 => String::from("related work is told without dates"),
        (c, n) => format!("about {years:.1} related years in {c} of {}{asked}", counted(n, "job")),
    };
    let results = match impact.len() {
        0 => String::from("no results in numbers"),
        n => counted(n, "result") + " in numbers",
    };
    let grew = if growth.is_some() { "duties grew from job to job" } else { "" };
    let rationale = sentence(&[gist, results, grew.into()]);
    Grade {
        criterion: id.into(),
        level,
        rationale,
        evidence,
        confidence: if undated { 0.45 } else { 0.75 },
    }
}

/// How much what was done in projects bears on the job, 0 to 1.
fn projects(facts: &Facts<'_>) -> f32 {
    let sections = facts.outline.sections.iter();
    let lines = sections.enumerate().filter(|(_, s)| **s == Section::Projects).map(|(l, _)| l);
    let of = |l| Relevance::of(facts, facts.words_of_lines(l, l + 1));
    let told: Vec<f32> = lines.map(|l| of(l).role(None)).filter(|r| *r > 0.0).collect();
    told.iter().copied().fold(0.0, f32::max)
}

/// The words that open a job held: its title, or the start of its heading.
fn head(facts: &Facts<'_>, role: &RoleFacts) -> (usize, usize) {
    let title = facts.outline.roles.get(role.role).and_then(|r| r.title);
    title.unwrap_or((role.words.0, role.words.0 + 1))
}

/// Years of related work: overlapping months count once, at the most related job of that month.
pub(super) fn related_years(facts: &Facts<'_>) -> f32 {
    let mut months: std::collections::BTreeMap<u32, f32> = std::collections::BTreeMap::new();
    for role in &facts.roles {
        let Some((start, end)) = role.months else { continue };
        // Barely related work adds nothing; closely related work counts in full.
        let counts = ((role.relevance - 0.2) / 0.4).clamp(0.0, 1.0);
        if counts > 0.0 {
            for month in start..end {
                let best = months.entry(month).or_insert(0.0);
                *best = best.max(counts);
            }
        }
    }
    months.values().fold(0.0, |sum, month| sum + month) / 12.0
}

/// Places in related work where a result is stated as a number: a percentage, money, or a count of people or things.
pub(super) fn impact(facts: &Facts<'_>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for role in facts.roles.iter().filter(|r| r.relevance >= RELATED * 0.7) {
        let body = facts
            .outline
            .roles
            .get(role.role)
            .map_or(role.words.0, |r| facts.words_of_lines(r.body, r.lines.1).0);
        let mut at = body.max(role.words.0);
        while at < role.words.1 {
            if is_result(facts, at) {
                let line = facts.outline.line_of(at);
                found.push((at, at + 1));
                while at < role.words.1 && facts.outline.line_of(at) == line {
                    at += 1; // one result a line
                }
            } else {
                at += 1;
            }
        }
    }
    found
}

fn is_result(facts: &Facts<'_>, at: usize) -> bool {
    let words = &facts.outline.words;
    let Some(word) = words.get(at) else { return false };
    let digits = word.text.chars().filter(char::is_ascii_digit).count();
    if digits == 0 || facts.outline.dates.iter().any(|d| (d.first..d.last).contains(&at)) {
        return false;
    }
    let text = facts.outline.text;
    let before = text.get(..word.from).and_then(|t| t.chars().next_back());
    let after = text.get(word.to()..).unwrap_or_default().trim_start();
    let next = words.get(at + 1).filter(|w| w.gap == Gap::Space).map(|w| w.stem.as_str());
    let percent = after.starts_with('%') || matches!(next, Some("percent"));
    let money = matches!(before, Some('$' | '€' | '£' | '₹'));
    let scaled = word.text.ends_with(['k', 'K', 'M', 'x', 'X']) && digits < word.text.len()
        || matches!(next, Some("million" | "billion" | "thousand"));
    let counted = matches!(
        next,
        Some(
            "people"
                | "employe"
                | "staff"
                | "team"
                | "student"
                | "client"
                | "customer"
                | "patient"
                | "member"
                | "account"
                | "project"
                | "user"
                | "meal"
                | "event"
                | "engineer"
                | "person"
                | "associat"
                | "guest"
                | "cas"
                | "order"
                | "site"
                | "store"
                | "cover"
                | "unit"
                | "vehicl"
                | "call"
                | "partner"
                | "location"
                | "colleagu"
                | "resident"
                | "cook"
                | "servic"
                | "request"
                | "incident"
                | "bed"
                | "tickets"
                | "shop"
                | "hotel"
                | "minut"
        )
    );
    percent || money || scaled || counted && digits < 6
}

/// The earlier and the later of two related jobs whose titles grew: "Junior Developer" to "Lead Developer".
pub(super) fn progression(facts: &Facts<'_>) -> Option<(usize, usize)> {
    let mut ranked: Vec<(u32, i8, usize)> = facts
        .roles
        .iter()
        .filter(|r| r.relevance >= RELATED * 0.8)
        .filter_map(|r| Some((r.months?.0, rank(facts, r)?, r.role)))
        .collect();
    ranked.sort_unstable();
    let (first, last) = (ranked.first()?, ranked.last()?);
    (last.1 > first.1).then_some((first.2, last.2))
}

/// How high a title is, from trainee to director.
fn rank(facts: &Facts<'_>, role: &RoleFacts) -> Option<i8> {
    let (first, last) = facts.outline.roles.get(role.role)?.title?;
    let words = facts.outline.words.get(first..last)?;
    let of = |w: &str| match w.to_lowercase().as_str() {
        "intern" | "trainee" | "apprentice" | "volunteer" => Some(-2),
        "junior" | "assistant" | "jr" | "associate" | "helper" | "entry" | "clerk" | "prep" => {
            Some(-1)
        }
        "senior" | "sr" | "sous" | "specialist" => Some(1),
        "lead" | "supervisor" | "principal" | "head" | "foreman" | "coordinator" => Some(2),
        "manager" | "superintendent" | "executive" | "owner" | "founder" => Some(3),
        "director" | "chief" | "vp" | "president" | "cto" | "ceo" => Some(4),
        _ => None,
    };
    Some(words.iter().filter_map(|w| of(w.text)).max_by_key(|r: &i8| r.abs()).unwrap_or(0))
}
