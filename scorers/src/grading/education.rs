//! Education: how far it goes against what the job asks for, and whether it is in the job's field.

use domain::candidate::DegreeLevel;
use domain::score::{Grade, Level};

use super::facts::Facts;
use crate::profile::education::Study;
use crate::profile::sections::Section;
use crate::taxonomy::{Hit, HitKind, taxonomy};

pub(super) fn grade(facts: &Facts<'_>, id: &str) -> Grade {
    let studies: Vec<(&Study, f32)> =
        facts.outline.studies.iter().map(|s| (s, related(facts, s))).collect();
    let asked = facts.job.needs.degree;
    let best = studies
        .iter()
        .copied()
        .max_by(|a, b| share(a.0.level, a.1, asked).total_cmp(&share(b.0.level, b.1, asked)));
    let training = training(facts);
    let (mut value, mut rationale, mut places) = match best {
        Some((study, related)) => {
            let what = name(study.level);
            let field = match related {
                r if r >= 0.6 => "in the job's field",
                r if r >= 0.25 => "in a related field",
                _ => "in another field or none stated",
            };
            let against = match asked {
                Some((level, true)) => format!("; {} is required", name(level)),
                Some((level, false)) => format!("; {} is preferred", name(level)),
                None => String::from("; the job asks for no degree"),
            };
            (
                share(study.level, related, asked),
                format!("{what} {field}{against}"),
                vec![study.degree],
            )
        }
        None => (0.0, String::from("No degree is stated"), vec![]),
    };
    if !training.is_empty() {
        value = (value + 0.06 * training.len().min(3) as f32).min(if best.is_some() {
            1.0
        } else {
            0.45
        });
        rationale += &format!(
            "; {} related course{} or certificate{}",
            training.len(),
            s(training.len()),
            s(training.len())
        );
        places.extend(training);
    }
    rationale = capitalised(&rationale) + ".";
    let evidence = facts.quotes(places);
    let level = if evidence.is_empty() { Level::ZERO } else { Level::from_share(f64::from(value)) };
    Grade {
        criterion: id.into(),
        level,
        rationale,
        evidence,
        confidence: if best.is_some() { 0.75 } else { 0.6 },
    }
}

fn s(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn name(level: DegreeLevel) -> &'static str {
    match level {
        DegreeLevel::Secondary => "secondary school",
        DegreeLevel::Certificate => "a certificate or diploma",
        DegreeLevel::Associate => "an associate degree",
        DegreeLevel::Bachelor => "a bachelor's degree",
        DegreeLevel::Master => "a master's degree",
        DegreeLevel::Doctorate => "a doctorate",
    }
}

/// Anchors: 1 below in another field, 2 below but related, 3 at the level in another field or just
/// below in the right one, 4 at the level and related, 5 at or above it in the field of the job.
fn share(level: DegreeLevel, related: f32, asked: Option<(DegreeLevel, bool)>) -> f32 {
    let step = |l: DegreeLevel| l as i8 as f32;
    match asked {
        Some((asked, required)) => {
            let short = (step(asked) - step(level)).max(0.0);
            let above = (step(level) - step(asked)).clamp(0.0, 1.0);
            let reach = (1.0 - short * if required { 0.3 } else { 0.18 }).max(0.2);
            (reach * (0.55 + 0.4 * related) + 0.05 * above).min(1.0)
        }
        // Nothing is asked for, so the subject tells more than the level.
        None => (0.08 + 0.04 * step(level) + 0.72 * related).min(1.0),
    }
}

/// How near the subject is to the job's field, 0 to 1.
fn related(facts: &Facts<'_>, study: &Study) -> f32 {
    let (first, last) = study.area.unwrap_or((study.degree.0, study.degree.1));
    // The subject may stand on the lines about the degree: "Diploma" above "Culinary Arts".
    let about =
        facts.words_of_lines(study.lines.0, (study.lines.1 + 1).min(facts.outline.lines.len()));
    let near = |range: (usize, usize)| {
        let words = facts.outline.words.get(range.0..range.1).unwrap_or_default();
        let hits = taxonomy().fields.hits(HitKind::Study, words);
        let of = |f: &u8| facts.job.needs.fields.get(usize::from(*f)).copied().unwrap_or(0.0);
        // "Business administration" leads to many fields, and tells less of each.
        let telling = |n: usize| (2.5 / n.max(1) as f32).min(1.0).sqrt();
        let nearest =
            |h: &Hit<'_>| h.fields.iter().map(of).fold(0.0, f32::max) * telling(h.fields.len());
        let subject = hits.iter().map(nearest).fold(0.0, f32::max);
        let own = words.iter().any(|w| facts.job.needs.title_stems.contains(&w.stem));
        subject.max(if own { 0.7 } else { 0.0 })
    };
    near((first, last)).max(near(about) * 0.9)
}

/// Courses and certificates that name a skill of the job or a word of its field.
fn training(facts: &Facts<'_>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (line, section) in facts.outline.sections.iter().enumerate() {
        let course = matches!(section, Section::Certificates | Section::Education);
        let (first, last) = facts.outline.line_words.get(line).copied().unwrap_or_default();
        let words = facts.outline.words.get(first..last).unwrap_or_default();
        let certified = words.iter().any(|w| {
            matches!(
                w.stem.as_str(),
                "certify" | "certifi" | "certificat" | "certification" | "licens"
            )
        });
        if !(course || certified)
            || facts.outline.studies.iter().any(|s| s.degree.0 >= first && s.degree.0 < last)
            || words.len() > 14
        {
            continue;
        }
        let skill = facts.outline.mentions.iter().any(|m| {
            m.first >= first
                && m.first < last
                && facts.job.needs.skills.iter().any(|n| n.skill == m.skill && n.weight > 0.2)
        });
        let trade = facts.terms.iter().any(|h| {
            h.first >= first
                && h.first < last
                && h.fields.len() <= 3
                && h.fields
                    .iter()
                    .any(|f| facts.job.needs.fields.get(usize::from(*f)).is_some_and(|n| *n > 0.6))
        });
        if (skill || trade) && !words.is_empty() {
            found.push((first, first + 1));
        }
    }
    found.truncate(4);
    found
}
