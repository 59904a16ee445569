//! Education: how far it goes against what the job asks for, and whether it is in the job's field.

use domain::candidate::DegreeLevel;
use domain::score::{Grade, Level};

use super::facts::Facts;
use super::wording::sentence;
use crate::profile::education::Study;
use crate::profile::sections::Section;
use crate::taxonomy::{Hit, HitKind, MASK, Token, taxonomy, tokens};

pub(super) fn grade(facts: &Facts<'_>, id: &str) -> Grade {
    let studies: Vec<(&Study, f32)> =
        facts.outline.studies.iter().map(|s| (s, related(facts, s))).collect();
    let asked = facts.job.needs.degree;
    let best = studies
        .iter()
        .copied()
        .max_by(|a, b| share(a.0.level, a.1, asked).total_cmp(&share(b.0.level, b.1, asked)));
    let training = training(facts);
    let courses = training.len();
    let mut value = match best {
        Some((study, related)) => share(study.level, related, asked),
        None => 0.0,
    };
    if courses > 0 {
        let most = courses.min(3) as f32;
        // Training in the trade is as much as a job asks for that asks for no degree.
        let alone = match asked.map(|a| a.0) {
            None => 0.6 + 0.08 * most,
            Some(DegreeLevel::Secondary | DegreeLevel::Certificate) => 0.42 + 0.08 * most,
            Some(_) => 0.06 * most,
        };
        value = (value + 0.06 * most).min(1.0).max(alone);
    }
    let gist = match best {
        Some((study, related)) => {
            format!("{} {}", name(study.level), subject(facts, study, related))
        }
        None if courses > 0 => String::from("training in the job's field, no degree stated"),
        None => String::from("no degree or training is stated"),
    };
    let against = match asked {
        Some((level, true)) => format!("{} is required", name(level)),
        Some((level, false)) => format!("{} is preferred, not required", name(level)),
        None => String::from("the job asks for no degree"),
    };
    let trained = match (courses, best) {
        (0, _) => String::new(),
        (n, None) => related_courses(n),
        (n, Some(_)) => format!("also {}", related_courses(n)),
    };
    let places: Vec<_> = best.map(|(study, _)| study.degree).into_iter().chain(training).collect();
    let evidence = facts.quotes(places);
    let level = if evidence.is_empty() { Level::ZERO } else { Level::from_share(f64::from(value)) };
    Grade {
        criterion: id.into(),
        level,
        rationale: sentence(&[gist, against, trained]),
        evidence,
        confidence: if best.is_some() { 0.75 } else { 0.6 },
    }
}

fn related_courses(n: usize) -> String {
    if n == 1 {
        "a related course or certificate".into()
    } else {
        format!("{n} related courses or certificates")
    }
}

/// "in the job's field (Computer Science)".
fn subject(facts: &Facts<'_>, study: &Study, related: f32) -> String {
    let near = match related {
        r if r >= 0.6 => "in the job's field",
        r if r >= 0.25 => "in a related field",
        _ if study.area.is_none() => return "without a subject stated".into(),
        _ => "in another field",
    };
    let area = study.area.map_or("", |(first, last)| facts.outline.text_of(first, last));
    let named = study.area.is_some_and(|(a, b)| {
        stated(facts, facts.outline.words.get(a..b).unwrap_or_default()).is_some()
    });
    let plain = named && !area.is_empty() && area.len() <= 30 && !area.contains(['\n', MASK]);
    if plain { format!("{near} ({area})") } else { near.into() }
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
        // Nothing is asked for, so nothing is below it: the subject tells more than the level.
        None => (0.36 + 0.03 * step(level) + 0.55 * related).min(1.0),
    }
}

/// How near the subject is to the job's field, 0 to 1.
fn related(facts: &Facts<'_>, study: &Study) -> f32 {
    let words = &facts.outline.words;
    let (first, last) = study.area.unwrap_or(study.degree);
    let subject = words.get(first..last).unwrap_or_default();
    let letters: String = words
        .get(study.degree.0..study.degree.1)
        .unwrap_or_default()
        .iter()
        .flat_map(|w| w.text.to_lowercase().chars().collect::<Vec<_>>())
        .collect();
    let short = study.area.and_then(|_| subject.first()).and_then(|w| spelt_out(w.text));
    if let Some(near) = short.map(|s| near(facts, &tokens(s))).or_else(|| stated(facts, subject)) {
        return near;
    }
    // The degree may say it itself; else the lines about it: "Diploma" above "Culinary Arts".
    if let Some(implied) = implied(&letters) {
        return near(facts, &tokens(implied));
    }
    let lines = (study.lines.0, (study.lines.1 + 1).min(facts.outline.lines.len()));
    let about = (lines.0..lines.1)
        .filter(|l| facts.outline.lines.get(*l).is_some_and(|l| l.word_count() <= 10));
    let on_lines = about.filter_map(|l| stated(facts, facts.outline.words_of(l)));
    let technical = matches!(letters.as_str(), "btech" | "be" | "mtech" | "beng" | "meng" | "me");
    let unsaid = if technical { 0.6 * near(facts, &tokens("engineering")) } else { 0.0 };
    on_lines.fold(0.0, f32::max).max(unsaid) * 0.9
}

/// How near the subjects named by some words are; `None` where they name none.
fn stated(facts: &Facts<'_>, words: &[Token<'_>]) -> Option<f32> {
    let own = words.iter().any(|w| facts.job.needs.title_stems.contains(&w.stem));
    let named = !taxonomy().fields.hits(HitKind::Study, words).is_empty();
    (own || named).then(|| near(facts, words).max(if own { 0.7 } else { 0.0 }))
}

/// How near the subjects of some words are to the job's field, 0 to 1.
fn near(facts: &Facts<'_>, words: &[Token<'_>]) -> f32 {
    let of = |f: &u8| facts.job.needs.fields.get(usize::from(*f)).copied().unwrap_or(0.0);
    // "Business administration" leads to many fields, and tells less of each.
    let telling = |n: usize| (2.5 / n.max(1) as f32).min(1.0).sqrt();
    let nearest =
        |h: &Hit<'_>| h.fields.iter().map(of).fold(0.0, f32::max) * telling(h.fields.len());
    taxonomy().fields.hits(HitKind::Study, words).iter().map(nearest).fold(0.0, f32::max)
}

/// Subjects in the short forms that follow a degree: "B.Tech (ECE)", "MSc (CA)".
fn spelt_out(subject: &str) -> Option<&'static str> {
    Some(match subject {
        "CA" => "computer applications",
        "CS" | "CSE" | "CE" => "computer science",
        "IT" => "information technology",
        "ECE" | "ETC" | "ENTC" => "electronics and communication",
        "EEE" | "EE" => "electrical engineering",
        "ME" => "mechanical engineering",
        "HR" => "human resources",
        _ => return None,
    })
}

/// The subject that a degree's own name tells.
fn implied(degree: &str) -> Option<&'static str> {
    Some(match degree {
        "bca" | "mca" => "computer applications",
        "bba" | "mba" | "pgdm" | "bbm" => "business administration",
        "bcom" | "mcom" => "commerce",
        "bsn" | "msn" | "nmcregistration" | "rn" | "rgn" | "rnlicense" | "rnlicence" => "nursing",
        "llb" | "llm" | "jd" | "jurisdoctor" => "law",
        "mbbs" | "md" | "mph" => "medicine",
        "msw" => "social work",
        "bed" | "med" | "edd" => "education",
        "cima" | "acca" | "aat" | "icaew" => "accounting",
        _ => return None,
    })
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
                "certify"
                    | "certifi"
                    | "certificat"
                    | "certification"
                    | "licens"
                    | "licenc"
                    | "registration"
                    | "haccp"
                    | "nvq"
                    | "accredit"
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
