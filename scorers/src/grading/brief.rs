//! The job, made ready to grade against: which skills it needs and how much, which field it is in,
//! the words that are its own, and the tenure and degree it asks for.

use std::collections::HashMap;

use domain::candidate::DegreeLevel;
use domain::job::Requirement;

use crate::job_text::JobText;
use crate::profile::education::degree_at;
use crate::taxonomy::{HitKind, SkillId, Token, taxonomy, tokens};

/// A job to grade against.
#[derive(Debug, Clone)]
pub struct JobBrief {
    /// What the job is called.
    pub title: String,
    /// What it is and does.
    pub description: String,
    /// What it asks for.
    pub requirements: Vec<Requirement>,
    /// What was understood of all that.
    pub needs: Needs,
}

/// What a job needs.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// Skills, heaviest first.
    pub skills: Vec<SkillNeed>,
    /// Words of the job's own, by stem, with weights of 0 to 1.
    pub terms: HashMap<String, f32>,
    /// Sum of the terms' weights.
    pub term_weight: f32,
    /// How near each field is to the job, 0 to 1.
    pub fields: Vec<f32>,
    /// Fewest years asked for.
    pub years: Option<f32>,
    /// Degree asked for, and whether it is required.
    pub degree: Option<(DegreeLevel, bool)>,
    /// Stems of the title's words, everyday ones left out.
    pub title_stems: Vec<String>,
}

/// A skill that a job asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct SkillNeed {
    /// Which.
    pub skill: SkillId,
    /// What it counts, above 0.
    pub weight: f32,
    /// Required, not only preferred.
    pub must_have: bool,
}

/// What a preferred skill counts against a required one.
const PREFERRED: f32 = 0.35;
/// What a skill that the prose names, but no requirement, counts.
const IN_PROSE: f32 = 0.5;

impl JobBrief {
    /// Understands a job's text.
    pub fn new(job: JobText) -> Self {
        let JobText { title, description, requirements, from_description } = job;
        let needs = needs(&title, &description, &requirements, from_description);
        Self { title, description, requirements, needs }
    }
}

/// What a group of skills counts: an office suite tells little of who fits.
pub(super) fn group_weight(group: &str) -> f32 {
    match group {
        "office" => 0.12,
        "soft" => 0.15,
        "administration" => 0.6,
        "project" | "customer-service" => 0.7,
        _ => 1.0,
    }
}

fn needs(
    title: &str,
    description: &str,
    requirements: &[Requirement],
    from_description: bool,
) -> Needs {
    let known = taxonomy();
    let mut weights: HashMap<SkillId, SkillNeed> = HashMap::new();
    let mut need = |text: &str, factor: f32, must_have: bool| {
        let words = tokens(text);
        let mut skills: Vec<SkillId> = known
            .skills
            .mentions(&words)
            .into_iter()
            .filter(|m| !m.negated)
            .map(|m| m.skill)
            .collect();
        skills.sort_unstable();
        skills.dedup();
        // A line with many names asks for some of them: its weight grows slower than its length.
        let each = factor * (1.0 + (skills.len().max(1) as f32).ln()) / skills.len().max(1) as f32;
        for skill in skills {
            let group = known.skills.get(skill).map_or("", |s| s.group);
            let weight = each * group_weight(group);
            let entry = weights.entry(skill).or_insert(SkillNeed { skill, weight: 0.0, must_have });
            entry.weight = entry.weight.max(weight);
            entry.must_have |= must_have;
        }
    };
    for line in requirements {
        let factor = match (from_description, line.must_have) {
            (true, _) => IN_PROSE,
            (false, true) => 1.0,
            (false, false) => PREFERRED,
        };
        need(&line.text, factor, line.must_have);
    }
    need(title, 1.0, true);
    if !from_description {
        need(description, IN_PROSE, true);
    }
    let mut skills: Vec<SkillNeed> = weights.into_values().collect();
    skills.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.skill.cmp(&b.skill)));
    let listed: Vec<&str> = requirements.iter().map(|r| r.text.as_str()).collect();
    let body = format!("{description}\n{}", listed.join("\n"));
    let (terms, title_stems) = (terms(title, &body), content_stems(&tokens(title)));
    let term_weight = terms.values().sum();
    Needs {
        fields: fields(title, if description.is_empty() { &body } else { description }, &skills),
        years: requirements
            .iter()
            .filter_map(|r| years_asked(&r.text))
            .reduce(f32::max)
            .or_else(|| years_asked(description)),
        degree: degree_asked(requirements).or_else(|| degree_in(description).map(|d| (d, true))),
        skills,
        terms,
        term_weight,
        title_stems,
    }
}

fn content_stems(words: &[Token<'_>]) -> Vec<String> {
    words.iter().map(|w| w.stem.clone()).filter(|s| !taxonomy().is_common(s)).collect()
}

fn terms(title: &str, body: &str) -> HashMap<String, f32> {
    let known = taxonomy();
    let mut terms: HashMap<String, f32> = HashMap::new();
    for (text, factor) in [(title, 1.5), (body, 1.0)] {
        for word in tokens(text) {
            let weight = match (known.is_common(&word.stem), known.is_vocabulary(&word.stem)) {
                (true, true) => 0.25,
                (true, false) => 0.0,
                (false, true) => 1.0,
                (false, false) => 0.6,
            };
            if weight > 0.0
                && word.stem.chars().count() > 1
                && !word.stem.starts_with(|c: char| c.is_ascii_digit())
            {
                let entry = terms.entry(word.stem).or_insert(0.0);
                *entry = entry.max(weight * factor);
            }
        }
    }
    terms
}

/// How near each field is to the job: by the title first, then the prose, then the skills.
fn fields(title: &str, description: &str, skills: &[SkillNeed]) -> Vec<f32> {
    let fields = &taxonomy().fields;
    let mut votes = vec![0f32; fields.count()];
    let mut vote = |kind, text: &str, weight: f32| {
        let words = tokens(text);
        for hit in fields.hits(kind, &words) {
            let each = weight / (hit.fields.len() as f32).powf(0.8);
            for field in hit.fields {
                if let Some(v) = votes.get_mut(usize::from(*field)) {
                    *v += each;
                }
            }
        }
    };
    vote(HitKind::Title, title, 8.0);
    vote(HitKind::Term, title, 3.0);
    vote(HitKind::Term, description, 1.0);
    vote(HitKind::Title, description, 1.0);
    for need in skills {
        let group = taxonomy().skills.get(need.skill).map_or("", |s| s.group);
        for (vote, field) in votes.iter_mut().zip(fields.entries()) {
            *vote += field
                .groups
                .iter()
                .find(|(g, _)| *g == group)
                .map_or(0.0, |(_, w)| w * need.weight * 0.5);
        }
    }
    let top = votes.iter().copied().fold(0.0, f32::max);
    if top <= 0.0 {
        return votes;
    }
    // Sharpened, so that a field named in passing does not count as the job's own; then its neighbours.
    let own: Vec<f32> = votes.iter().map(|v| (v / top).powf(1.5)).collect();
    (0..own.len())
        .map(|i| {
            own.iter()
                .enumerate()
                .map(|(j, o)| {
                    o * fields.near(i as u8, j as u8).powf(if i == j { 1.0 } else { 1.3 })
                })
                .fold(0.0, f32::max)
        })
        .collect()
}

/// "5+ years", "0-2 years", "at least five years": the fewest asked for.
pub(super) fn years_asked(text: &str) -> Option<f32> {
    let words = tokens(text);
    let number = |w: &Token<'_>| {
        const WORDS: &[&str] = &[
            "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        ];
        let lower = w.text.to_lowercase();
        WORDS
            .iter()
            .position(|n| *n == lower)
            .map(|n| n as f32)
            .or_else(|| lower.parse::<f32>().ok())
            .filter(|n| *n <= 40.0)
    };
    let at = words.iter().position(|w| matches!(w.stem.as_str(), "year" | "yr"))?;
    let before = words.get(at.saturating_sub(4)..at)?;
    before.iter().find_map(number)
}

fn degree_asked(requirements: &[Requirement]) -> Option<(DegreeLevel, bool)> {
    requirements
        .iter()
        .filter_map(|r| degree_in(&r.text).map(|d| (d, r.must_have)))
        .min_by_key(|(d, must)| (!must, *d))
}

/// The lowest degree a text asks for: "Bachelor's or Master's" asks for a bachelor's.
fn degree_in(text: &str) -> Option<DegreeLevel> {
    let words = tokens(text);
    let lower = text.to_lowercase();
    let about = ["degree", "education", "diploma", "bachelor", "master's", "phd", "graduate"]
        .iter()
        .any(|w| lower.contains(w));
    if !about {
        return None;
    }
    let found =
        (0..words.len()).filter_map(|at| degree_at(&words, at, true).map(|(level, _)| level)).min();
    found.or_else(|| {
        ["university degree", "college degree", "a degree in", "degree required"]
            .iter()
            .any(|p| lower.contains(p))
            .then_some(DegreeLevel::Bachelor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job_text::parse;

    fn brief(text: &str) -> JobBrief {
        JobBrief::new(parse(text).unwrap())
    }

    #[test]
    fn tenure_and_degree_are_understood() {
        assert_eq!(years_asked("5+ years of SQL"), Some(5.0));
        assert_eq!(years_asked("0-2 years of work"), Some(0.0));
        assert_eq!(years_asked("at least five years in sales"), Some(5.0));
        assert_eq!(years_asked("a year-round job"), None);
        let job = brief(
            "Analyst\nRequirements\n- Bachelor's or Master's degree\n- SQL\nPreferred\n- PhD",
        );
        assert_eq!(job.needs.degree, Some((DegreeLevel::Bachelor, true)));
    }

    #[test]
    fn a_job_is_placed_in_its_field() {
        for (text, field) in [
            (
                "Chefs and Head Cooks\nDirect the cooking of salads and soups. Plan and price menu items.",
                "culinary",
            ),
            ("Registered Nurse\nAssess patients and give medication.", "healthcare"),
            ("Data Engineer\nRequirements\n- Python\n- Spark\n- SQL", "data"),
            ("Lawyers\nRepresent clients in criminal and civil litigation.", "legal"),
        ] {
            let job = brief(text);
            let top =
                job.needs.fields.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
            assert_eq!(taxonomy().fields.entries()[top].name, field);
        }
    }

    #[test]
    fn preferred_and_office_skills_count_less() {
        let job = brief("Engineer\nRequirements\n- Rust\n- Microsoft Excel\nNice to have\n- Kafka");
        let weight = |name: &str| {
            let id = taxonomy().skills.by_name(name).unwrap();
            job.needs.skills.iter().find(|n| n.skill == id).unwrap().weight
        };
        assert!(weight("Rust") > 2.0 * weight("Apache Kafka"));
        assert!(weight("Apache Kafka") > 2.0 * weight("Microsoft Excel"));
    }
}
