//! Headings of a job's text, and words that make a line preferred instead of required.

/// What the lines under a heading are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What the role is and does.
    Description,
    /// What is required.
    Required,
    /// What is welcome.
    Preferred,
    /// The employer, pay, place: nothing to grade by.
    Aside,
}

const PREFERRED: &[&str] = &[
    "nice to have",
    "nice-to-have",
    "preferred",
    "plus",
    "pluses",
    "bonus",
    "desirable",
    "desired",
    "good to have",
    "advantage",
    "advantages",
    "optional",
    "advantageous",
    "ideally",
    "welcome",
    "asset",
    "beneficial",
];
const ASIDE: &[&str] = &[
    "benefits",
    "what we offer",
    "perks",
    "about us",
    "about the company",
    "who we are",
    "equal opportunity",
    "job type",
    "location",
    "salary",
    "how to apply",
    "our company",
    "compensation",
    "why join",
    "contact",
    "we offer",
    "about the team",
    "schedule",
];
const REQUIRED: &[&str] = &[
    "requirement",
    "requirements",
    "qualification",
    "qualifications",
    "must have",
    "must-have",
    "must haves",
    "what you need",
    "what you'll need",
    "what you will need",
    "skills",
    "expertise",
    "you have",
    "who you are",
    "looking for",
    "what you bring",
    "you bring",
    "experience",
    "competencies",
    "essential",
    "minimum",
    "knowledge",
    "education",
    "technologies",
    "technology",
    "tech stack",
    "certifications",
    "your profile",
    "criteria",
    "what we expect",
];
const DESCRIPTION: &[&str] = &[
    "responsibilities",
    "what you'll do",
    "what you’ll do",
    "what you will do",
    "description",
    "duties",
    "the role",
    "about the job",
    "about the role",
    "overview",
    "summary",
    "job purpose",
    "your role",
    "tasks",
    "day to day",
    "the opportunity",
    "position",
    "key accountabilities",
    "objectives",
    "role",
];

/// What a line opens, if it is a heading.
pub(super) fn part_of(line: &str, marked: bool) -> Option<Part> {
    let lower = line.to_lowercase().replace('’', "'");
    let title = lower.trim_matches(|c: char| !c.is_alphanumeric());
    let words = title.split_whitespace().count();
    let capital = line.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase);
    let ends = line.trim_end();
    let shaped = marked || ends.ends_with(':') || capital && !ends.ends_with(['.', ';', ',']);
    if words == 0 || words > 7 || !shaped {
        return None;
    }
    let has = |any: &[&str]| any.iter().any(|phrase| contains_phrase(title, phrase));
    // A short line in a list ("5 years of experience", "Python skills") is not a heading of its own.
    let whole = marked
        || ends.ends_with(':')
        || words <= 4 && !title.starts_with(|c: char| c.is_ascii_digit());
    if !whole {
        return None;
    }
    if has(ASIDE) {
        Some(Part::Aside)
    } else if has(PREFERRED) {
        Some(Part::Preferred)
    } else if has(DESCRIPTION) {
        Some(Part::Description)
    } else if has(REQUIRED) && (marked || ends.ends_with(':') || is_bare(title)) {
        Some(Part::Required)
    } else if marked {
        Some(Part::Description)
    } else {
        None
    }
}

/// Whether a heading without any mark is made of a heading's words alone: "Key Qualifications", not "Excel skills".
fn is_bare(title: &str) -> bool {
    const BESIDE: &[&str] = &[
        "key",
        "and",
        "&",
        "technical",
        "additional",
        "basic",
        "job",
        "your",
        "required",
        "minimum",
        "the",
        "we",
        "we're",
        "are",
        "what",
        "for",
        "core",
        "professional",
        "you",
        "need",
        "to",
        "our",
        "ideal",
        "candidate",
        "skills",
        "experience",
        "qualifications",
        "requirements",
        "education",
        "knowledge",
        "work",
        "must",
        "have",
        "haves",
        "essential",
        "criteria",
        "soft",
        "hard",
        "desired",
        "technology",
        "expertise",
    ];
    let named = |w: &str| REQUIRED.contains(&w) || BESIDE.contains(&w);
    REQUIRED.contains(&title) || title.split(|c: char| c.is_whitespace() || c == '/').all(named)
}

/// Whether a line says of itself that it is not required: "Multilingual ability is a plus".
pub(super) fn is_preferred(line: &str) -> bool {
    let lower = line.to_lowercase();
    const INLINE: &[&str] = &[
        "a plus",
        "nice to have",
        "nice-to-have",
        "preferred",
        "preferably",
        "desirable",
        "an advantage",
        "a bonus",
        "is welcome",
        "are welcome",
        "optional",
        "ideally",
        "good to have",
        "an asset",
        "advantageous",
        "would be beneficial",
        "not required",
    ];
    INLINE.iter().any(|phrase| contains_phrase(&lower, phrase))
}

/// Whether `phrase` stands in `text` between word ends.
fn contains_phrase(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + phrase.len()..).and_then(|t| t.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}
