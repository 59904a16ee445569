//! What a job's lines ask for: tenure, a degree, and which of its prose is about the role at all.

use domain::candidate::DegreeLevel;
use domain::job::Requirement;

use crate::job_text::sentences;
use crate::profile::education::{degree_at, vocational_at};
use crate::taxonomy::{Token, tokens};

/// The sentences of a description that tell of the role, not of the employer, the pay or the law.
pub(super) fn of_the_role(description: &str) -> String {
    let kept: Vec<String> =
        sentences(description).into_iter().filter(|s| !of_the_employer(s)).collect();
    kept.join("\n")
}

/// "We cook food from the farms around us", but not "We look for someone who writes menus".
fn of_the_employer(sentence: &str) -> bool {
    const EMPLOYER: &[&str] = &[
        "we",
        "our",
        "us",
        "ours",
        "company",
        "founded",
        "headquartered",
        "employer",
        "veteran",
        "regardless",
        "disability",
        "salary",
        "bonus",
        "perk",
        "pension",
        "holiday",
    ];
    const ROLE: &[&str] = &[
        "you",
        "your",
        "candidate",
        "responsible",
        "role",
        "someone",
        "seek",
        "hire",
        "must",
        "require",
        "need",
        "join",
        "applicant",
        "position",
        "person",
    ];
    let words = tokens(sentence);
    let says = |list: &[&str]| {
        words.iter().any(|w| list.contains(&w.text.to_lowercase().as_str()) && w.text != "US")
    };
    let looking =
        words.windows(2).any(|w| matches!(w, [a, b] if a.stem == "look" && b.stem == "for"));
    says(EMPLOYER) && !says(ROLE) && !looking
}

/// Whether a sentence of prose asks for something, and does not only describe.
pub(super) fn asks(sentence: &str) -> bool {
    const ASKING: &[&str] = &[
        "must",
        "requir",
        "need",
        "experienc",
        "knowledg",
        "proficient",
        "proficiency",
        "skill",
        "familiar",
        "ability",
        "able",
        "expertis",
        "expert",
        "qualification",
        "competent",
        "fluent",
        "understand",
        "background",
        "command",
    ];
    tokens(sentence).iter().any(|w| ASKING.contains(&w.stem.as_str()))
}

/// Fewest years asked for: by what is required, else by what is preferred, else by the prose.
pub(super) fn years(requirements: &[Requirement], prose: &str) -> Option<f32> {
    let of = |must: bool| {
        let lines = requirements.iter().filter(|r| r.must_have == must);
        lines.filter_map(|r| years_in(&r.text)).reduce(f32::max)
    };
    of(true).or_else(|| of(false)).or_else(|| prose.lines().find_map(years_in))
}

/// "5+ years", "0-2 years", "at least five years": the fewest asked for.
pub(super) fn years_in(text: &str) -> Option<f32> {
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

/// The degree asked for, and whether it is required: "or equivalent experience" is said of none that is.
pub(super) fn degree(requirements: &[Requirement], prose: &str) -> Option<(DegreeLevel, bool)> {
    let of = |text: &str, must: bool| {
        let lower = text.to_lowercase();
        let instead = ["or equivalent", "or comparable", "or similar experience", "or experience"];
        degree_in(text).map(|d| (d, must && !instead.iter().any(|i| lower.contains(i))))
    };
    let lines = requirements.iter().filter_map(|r| of(&r.text, r.must_have));
    let listed = lines.min_by_key(|(d, must)| (!must, *d));
    listed.or_else(|| prose.lines().find_map(|line| of(line, true)))
}

/// The lowest degree a text asks for: "Bachelor's or Master's" asks for a bachelor's.
pub(super) fn degree_in(text: &str) -> Option<DegreeLevel> {
    let words = tokens(text);
    let lower = text.to_lowercase();
    let about = [
        "degree",
        "education",
        "diploma",
        "bachelor",
        "master's",
        "phd",
        "graduate",
        "qualification",
        "apprenticeship",
        "nvq",
        "btec",
        "city & guilds",
        "vocational",
    ]
    .iter()
    .any(|w| lower.contains(w));
    if !about {
        return None;
    }
    let found = (0..words.len())
        .filter_map(|at| {
            degree_at(&words, at, true).or_else(|| vocational_at(&words, at).map(|v| (v.0, v.1)))
        })
        .map(|(level, _)| level)
        .min();
    let vocational =
        ["qualification", "apprenticeship", "vocational"].iter().any(|w| lower.contains(w));
    let found = found.or((vocational && words.len() <= 16).then_some(DegreeLevel::Certificate));
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

    #[test]
    fn years_are_read_from_lines() {
        assert_eq!(years_in("5+ years of SQL"), Some(5.0));
        assert_eq!(years_in("0-2 years of work"), Some(0.0));
        assert_eq!(years_in("at least five years in sales"), Some(5.0));
        assert_eq!(years_in("a year-round job"), None);
    }

    #[test]
    fn degrees_are_read_from_lines() {
        let of = |text: &str| degree(&[Requirement { text: text.into(), must_have: true }], "");
        assert_eq!(
            of("Bachelor's degree or equivalent experience"),
            Some((DegreeLevel::Bachelor, false))
        );
        assert_eq!(of("Degree or diploma in nursing"), Some((DegreeLevel::Certificate, true)));
        assert_eq!(
            of("NVQ level 3 or equal, or a full apprenticeship"),
            Some((DegreeLevel::Certificate, true))
        );
        assert_eq!(of("A clean driving licence"), None);
    }

    #[test]
    fn only_prose_about_the_role_is_kept() {
        let text = "Kestrel moves parcels. We write Rust. You own the booking service. We look for a cook.";
        assert_eq!(
            of_the_role(text),
            "Kestrel moves parcels.\nYou own the booking service.\nWe look for a cook."
        );
    }
}
