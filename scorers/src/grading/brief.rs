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
    /// Words of the job's own, by stem or by skill, with weights of 0 to 1.5.
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
    let listed: Vec<&str> = requirements.iter().map(|r| r.text.as_str()).collect();
    let body = format!("{description}\n{}", listed.join("\n"));
    let skills = skill_needs(title, description, requirements, from_description, None);
    let prose = if description.is_empty() { &body } else { description };
    let near = fields(title, prose, &skills);
    let skills = skill_needs(title, description, requirements, from_description, Some(&near));
    let terms = terms(title, &body, &near);
    Needs {
        years: requirements
            .iter()
            .filter_map(|r| years_asked(&r.text))
            .reduce(f32::max)
            .or_else(|| years_asked(description)),
        degree: degree_asked(requirements).or_else(|| degree_in(description).map(|d| (d, true))),
        skills,
        term_weight: terms.values().sum(),
        terms,
        title_stems: content_stems(&tokens(title)),
        fields: near,
    }
}

/// The skills a job asks for. In a bare list of names ("Technology skills: ...") a name of another
/// trade than the job's own (`near`) counts less than one of its own.
fn skill_needs(
    title: &str,
    description: &str,
    requirements: &[Requirement],
    from_description: bool,
    near: Option<&[f32]>,
) -> Vec<SkillNeed> {
    let known = taxonomy();
    let mut weights: HashMap<SkillId, SkillNeed> = HashMap::new();
    let mut need = |text: &str, factor: f32, must_have: bool| {
        let words = tokens(text);
        let bare = words.len() <= BARE_WORDS;
        let mentions = known.skills.mentions(&words).into_iter();
        let mut skills: Vec<SkillId> = mentions.filter(|m| !m.negated).map(|m| m.skill).collect();
        skills.sort_unstable();
        skills.dedup();
        // A line with many names asks for some of them: its weight grows slower than its length.
        let count = skills.len().max(1) as f32;
        let each = factor * (1.0 + count.ln()) / count;
        for skill in skills {
            let group = known.skills.get(skill).map_or("", |s| s.group);
            let own =
                near.filter(|_| bare).map_or(1.0, |near| 0.3 + 0.7 * group_nearness(group, near));
            let weight = each * group_weight(group) * own;
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
        need(description, IN_PROSE, false);
    }
    let mut skills: Vec<SkillNeed> = weights.into_values().collect();
    skills.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.skill.cmp(&b.skill)));
    skills
}

/// Most words of a requirement that only names a skill.
const BARE_WORDS: usize = 5;

/// How near a group of skills is to the job's field, 0 to 1.
fn group_nearness(group: &str, near: &[f32]) -> f32 {
    let fields = taxonomy().fields.entries().iter().zip(near);
    let of = |(field, near): (&crate::taxonomy::Field, &f32)| {
        field.groups.iter().find(|(g, _)| *g == group).map_or(0.0, |(_, weight)| weight * near)
    };
    fields.map(of).fold(0.0, f32::max)
}

fn content_stems(words: &[Token<'_>]) -> Vec<String> {
    words.iter().map(|w| w.stem.clone()).filter(|s| !taxonomy().is_common(s)).collect()
}

/// How a skill stands among the job's words.
pub(super) fn skill_key(skill: SkillId) -> String {
    format!("#{skill}")
}

/// The job's own words: those of its field weigh most, everyday ones nothing.
fn terms(title: &str, body: &str, near: &[f32]) -> HashMap<String, f32> {
    let known = taxonomy();
    let mut terms: HashMap<String, f32> = HashMap::new();
    for (text, factor) in [(title, 1.5), (body, 1.0)] {
        let words = tokens(text);
        let mut own = vec![0f32; words.len()];
        for hit in known.fields.hits(HitKind::Term, &words) {
            let of = |f: &u8| near.get(usize::from(*f)).copied().unwrap_or(0.0);
            let best = hit.fields.iter().map(of).fold(0.0, f32::max);
            let telling = best / (hit.fields.len() as f32).powf(0.4);
            own.iter_mut().skip(hit.first).take(hit.words).for_each(|o| *o = telling);
        }
        // A skill is one word of the job however it is spelt, so that synonyms count the same.
        let mut spelt: Vec<Option<SkillId>> = vec![None; words.len()];
        for mention in known.skills.mentions(&words) {
            let places = spelt.iter_mut().skip(mention.first).take(mention.words);
            places.for_each(|s| *s = Some(mention.skill));
        }
        for ((word, own), skill) in words.iter().zip(own).zip(spelt) {
            let weight = match (known.is_common(&word.stem), known.is_vocabulary(&word.stem)) {
                (true, _) => 0.5 * own,
                (false, true) => 0.35 + 0.65 * own,
                (false, false) => 0.5,
            };
            let digits = word.stem.starts_with(|c: char| c.is_ascii_digit());
            if weight > 0.0 && word.stem.chars().count() > 1 && !digits {
                let key = skill.map_or_else(|| word.stem.clone(), skill_key);
                let entry = terms.entry(key).or_insert(0.0);
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
