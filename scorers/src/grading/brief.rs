//! The job, made ready to grade against: which skills it needs and how much, which field it is in,
//! the words that are its own, and the tenure and degree it asks for.

use std::collections::HashMap;

use domain::candidate::DegreeLevel;
use domain::job::Requirement;

use super::asked;
use crate::job_text::JobText;
use crate::taxonomy::{Gap, Hit, HitKind, Mention, SkillId, Token, taxonomy, tokens};

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
    /// Required by a requirement's line, not only preferred or named in prose.
    pub must_have: bool,
    /// Skills that do as well: "Rust or Go" is met by either.
    pub or: Vec<SkillId>,
}

/// What a required skill counts that the title names too.
const IN_TITLE: f32 = 2.0;
/// What a preferred skill counts against a required one.
const PREFERRED: f32 = 0.35;
/// What a skill that the prose names, but no requirement, counts.
const IN_PROSE: f32 = 0.5;
/// How near a skill that only prose names must be to the job's field to count at all.
const NEAR: f32 = 0.3;

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
    let prose = asked::of_the_role(description);
    let listed: Vec<&str> = requirements.iter().map(|r| r.text.as_str()).collect();
    let body = format!("{prose}\n{}", listed.join("\n"));
    let skills = skill_needs(title, &prose, requirements, from_description, None);
    let about = if prose.is_empty() { &body } else { &prose };
    let near = fields(title, about, &skills);
    let skills = skill_needs(title, &prose, requirements, from_description, Some(&near));
    let terms = terms(title, &body, &near);
    Needs {
        years: asked::years(requirements, &prose),
        degree: asked::degree(requirements, &prose),
        skills,
        term_weight: terms.values().sum(),
        terms,
        title_stems: content_stems(&tokens(title)),
        fields: near,
    }
}

/// Where a skill is asked for.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    Required,
    Preferred,
    Title,
    Prose,
}

/// The skills a job asks for. In a bare list of names ("Technology skills: ...") a name of another
/// trade than the job's own (`near`) counts less than one of its own; in prose it does not count.
fn skill_needs(
    title: &str,
    prose: &str,
    requirements: &[Requirement],
    from_description: bool,
    near: Option<&[f32]>,
) -> Vec<SkillNeed> {
    let known = taxonomy();
    let mut weights: HashMap<SkillId, SkillNeed> = HashMap::new();
    let mut need = |text: &str, source: Source| {
        let words = tokens(text);
        let bare = words.len() <= BARE_WORDS && source != Source::Prose;
        let groups = alternatives(&words, &named(&words, text));
        let factor = match source {
            Source::Required | Source::Title => 1.0,
            Source::Preferred => PREFERRED,
            Source::Prose => IN_PROSE,
        };
        // A line with many names asks for some of them: its weight grows slower than its length.
        let count = groups.len().max(1) as f32;
        let each = factor * (1.0 + count.ln()) / count;
        for group in groups {
            let Some((skill, or)) = group.split_first() else { continue };
            let of = known.skills.get(*skill).map_or("", |s| s.group);
            let nearness = near.map_or(1.0, |near| group_nearness(of, near));
            if source == Source::Prose && nearness < NEAR {
                continue;
            }
            let own = if bare { 0.3 + 0.7 * nearness } else { 1.0 };
            let entry = weights.entry(*skill).or_insert(SkillNeed {
                skill: *skill,
                weight: 0.0,
                must_have: false,
                or: or.to_vec(),
            });
            // A skill that the title names and a line requires is the core of the job.
            let core = if source == Source::Title && entry.must_have { IN_TITLE } else { 1.0 };
            entry.weight = entry.weight.max(core * each * group_weight(of) * own);
            entry.must_have |= source == Source::Required;
            // What one line asks for by itself, another line's "or" does not stand in for.
            entry.or.retain(|o| or.contains(o));
        }
    };
    for line in requirements {
        need(
            &line.text,
            match (from_description, line.must_have) {
                (true, must) if !(must && asked::asks(&line.text)) => Source::Prose,
                (_, true) => Source::Required,
                (_, false) => Source::Preferred,
            },
        );
    }
    need(title, Source::Title);
    if !from_description {
        need(prose, Source::Prose);
    }
    let mut skills: Vec<SkillNeed> = weights.into_values().collect();
    skills.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.skill.cmp(&b.skill)));
    skills
}

/// The skills that a line asks for. Years "as head chef" ask for no skill by that name, nor does a
/// degree "in nursing".
fn named(words: &[Token<'_>], text: &str) -> Vec<Mention> {
    let fields = &taxonomy().fields;
    let mut not_skills: Vec<Hit<'_>> = Vec::new();
    if asked::years_in(text).is_some() {
        not_skills.extend(fields.hits(HitKind::Title, words));
    }
    if asked::degree_in(text).is_some() {
        not_skills.extend(fields.hits(HitKind::Study, words));
    }
    let mentions = taxonomy().skills.mentions(words).into_iter();
    let apart = |m: &Mention| {
        !not_skills.iter().any(|h| h.first < m.first + m.words && m.first < h.first + h.words)
    };
    mentions.filter(|m| !m.negated && apart(m)).collect()
}

/// The skills of a line, those of which one is enough ("Rust, Go or Java") together.
fn alternatives(words: &[Token<'_>], mentions: &[Mention]) -> Vec<Vec<SkillId>> {
    let mut groups: Vec<Vec<SkillId>> = Vec::new();
    let mut open: Vec<SkillId> = Vec::new(); // a run of list items that may yet end in "or"
    let mut chosen = false;
    let mut close = |open: &mut Vec<SkillId>, chosen: &mut bool| {
        if std::mem::take(chosen) {
            groups.push(std::mem::take(open));
        } else {
            groups.extend(open.drain(..).map(|s| vec![s]));
        }
    };
    let mut end: Option<usize> = None;
    for mention in mentions {
        let between = end.and_then(|e| words.get(e..mention.first));
        let joined = match between {
            Some([]) => words.get(mention.first).is_some_and(|w| w.gap == Gap::List) && !chosen,
            Some([word]) => word.stem == "or",
            _ => false,
        };
        if !joined {
            close(&mut open, &mut chosen);
        }
        chosen |= joined && between.is_some_and(|b| !b.is_empty());
        open.push(mention.skill);
        end = Some(mention.first + mention.words);
    }
    close(&mut open, &mut chosen);
    let mut seen: Vec<SkillId> = Vec::new();
    for group in &mut groups {
        group.retain(|s| !seen.contains(s));
        seen.extend(group.iter().copied());
    }
    groups.retain(|g| !g.is_empty());
    groups
}

/// Most words of a requirement that only names a skill.
const BARE_WORDS: usize = 5;

/// How near a group of skills is to the job's field, 0 to 1.
pub(super) fn group_nearness(group: &str, near: &[f32]) -> f32 {
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
                    o * fields.near(i as u8, j as u8).powf(if i == j { 1.0 } else { 1.6 })
                })
                .fold(0.0, f32::max)
        })
        .collect()
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
    fn prose_about_the_employer_asks_for_nothing() {
        let job = brief(
            "Head Chef\n\nWe cook food from the boats and farms around us. Our chef of nine years retires. Lantern Freight owns us.\n\nRequirements\n- Menu planning\n- Culinary qualification (NVQ level 3)\n- Sauces, Baking or Catering",
        );
        let names: Vec<&str> = job
            .needs
            .skills
            .iter()
            .filter_map(|n| Some(taxonomy().skills.get(n.skill)?.name))
            .collect();
        assert_eq!(names, ["Baking", "Menu planning"]);
        assert!(job.needs.skills.iter().all(|n| n.must_have));
        assert_eq!(job.needs.skills[0].or.len(), 1);
        assert_eq!(job.needs.years, None);
        assert_eq!(job.needs.degree, Some((DegreeLevel::Certificate, true)));
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
