//! Which part of a resume each line is in, by its headings.

use super::lines::{Line, unspaced};

/// A part of a resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Section {
    /// What stands before the first heading: name, contacts, label.
    Header,
    /// Summary, profile, objective.
    Summary,
    /// Jobs held.
    Experience,
    /// Degrees and courses.
    Education,
    /// Skills, tools, highlights.
    Skills,
    /// Projects and publications.
    Projects,
    /// Certificates and licences.
    Certificates,
    /// Languages spoken.
    Languages,
    /// Awards, volunteering, activities.
    Activities,
    /// Interests, references and the rest.
    Other,
}

/// Words that name a section; the last one of a heading that is here decides.
const NAMES: &[(Section, &str)] = &[
    (
        Section::Experience,
        "experience experiences employment work career internship internships jobs positions \
         history berufserfahrung expérience expériences experiencia werdegang 工作经历 工作经验 職務経歴 \
         esperienza experiência",
    ),
    (
        Section::Summary,
        "summary profile objective about overview statement bio goal introduction objectives \
         profil perfil resumen 个人简介 自我评价 me myself",
    ),
    (
        Section::Education,
        "education academic academics qualification qualifications training studies degrees \
         educational registration ausbildung bildung formation educación formación 教育背景 教育经历 学歴 formazione \
         istruzione studium scholastic coursework",
    ),
    (
        Section::Skills,
        "skills skill competencies expertise highlights technologies tools strengths \
         proficiencies abilities competences kenntnisse compétences habilidades 技能 \
         fähigkeiten knowledge proficiency specialties technical software attributes strength \
         capabilities competenze tech",
    ),
    (
        Section::Projects,
        "projects project publications portfolio research projekte projets proyectos 项目经历 \
         patents presentations",
    ),
    (
        Section::Certificates,
        "certifications certification certificates licenses licences credentials license \
         zertifikate certificate licensure 证书",
    ),
    (Section::Languages, "languages sprachen langues idiomas 语言 lingue language"),
    (
        Section::Activities,
        "accomplishments achievements awards honors honours volunteer volunteering activities \
         leadership memberships affiliations extracurricular extra-curriculars \
         extracurriculars recognition community involvement extra-curricular curriculars",
    ),
    (
        Section::Other,
        "interests references hobbies information details contact contacts welcome profiles \
         links declaration personal interessen additional other",
    ),
];

/// Words that may stand beside a section's name in a heading.
const BESIDE: &str = "& a academic additional and and/or area areas background career clinical community \
     computer continuing core course courses current development employment executive extra \
     freelance functional general hard highlight highlights in industry it key laboral \
     languages leadership main major management military my notable objective of online open \
     other past personal previous prior profesional professional professionnelle \
     professionnelles programming qualifications recent related relevant selected service set \
     sets significant skill social soft source special summary teaching technical the top \
     volunteer work";

/// The section that a line is the heading of, if it is one, and whether more than the heading is on it.
pub fn heading(line: &Line<'_>) -> Option<(Section, bool)> {
    let first = line.text.trim_start_matches(|c: char| !c.is_alphanumeric() || is_picture(c));
    let (title, inline) = match first.split_once(':') {
        Some((title, rest)) => (title, !rest.trim().is_empty()),
        None => (first, false),
    };
    // Markdown's signs: "**Skills**", "## Education ##".
    let title = title.trim_end_matches(['*', '_', '#', ' ']);
    let inline = inline && first.trim_end_matches(['*', '_', '#', ' ', ':']) != title;
    if title.len() > 60 {
        return None;
    }
    let title = unspaced(title.trim_end_matches(|c: char| c.is_whitespace() || is_picture(c)));
    let opens_large = title
        .chars()
        .next()
        .is_some_and(|c| c.is_uppercase() || !c.is_lowercase() && c.is_alphabetic());
    let ends_sentence = title.ends_with(['.', ',', ';']);
    let colon = line.text.contains(':');
    let bold = line.text.starts_with("**");
    if line.is_bullet() && !colon && !bold || ends_sentence || !(opens_large || colon) {
        return None;
    }
    let lower = title.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| c.is_whitespace() || matches!(c, '/' | '|' | ','))
        .map(|w| w.trim_matches(is_picture))
        .filter(|w| !w.is_empty())
        .collect();
    if words.is_empty() || words.len() > 5 || inline && words.len() > 3 {
        return None;
    }
    let has = |list: &str, word: &str| list.split(' ').any(|name| name == word);
    let named =
        |word: &&str| NAMES.iter().find(|(_, names)| has(names, word)).map(|(section, _)| *section);
    if !words.iter().all(|w| has(BESIDE, w) || named(w).is_some()) {
        return None;
    }
    // In "Work Experience" or "Education and Training" the strongest name decides, not the order.
    let found: Vec<Section> = words.iter().filter_map(named).collect();
    let strong = |s: &Section| !matches!(s, Section::Other);
    let section = match found.as_slice() {
        [] => return None,
        [only] => *only,
        many if many.contains(&Section::Education) && many.contains(&Section::Summary) => {
            // "Summary of Qualifications" is a summary, "Academic Profile" education.
            if words.contains(&"qualifications") { Section::Skills } else { Section::Education }
        }
        many if many.contains(&Section::Summary) => Section::Summary,
        many => many.iter().rev().copied().find(strong).unwrap_or(Section::Other),
    };
    let section = match (section, words.as_slice()) {
        (
            Section::Experience,
            ["career", "overview" | "objective" | "summary" | "highlights" | "profile"],
        ) => Section::Summary,
        (
            Section::Other,
            ["personal" | "other" | "additional" | "welcome" | "information" | "details"],
        ) if !colon && words.len() == 1 => return None,
        (Section::Experience, ["work" | "history" | "jobs"]) if inline => return None,
        (Section::Skills, ["technical" | "software" | "knowledge" | "tools"])
        | (Section::Summary, ["me" | "myself" | "goal"])
            if !colon && !is_upper(&title) =>
        {
            return None;
        }
        (section, _) => section,
    };
    Some((section, inline))
}

/// Whether a character is of an emoji or a dingbat, or joins their parts: "💼", "👩\u{200d}💻", "1️⃣", "★".
fn is_picture(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{e0020}'..='\u{e007f}' | '\u{2190}'..='\u{2bff}' | '\u{fe0e}' | '\u{fe0f}' | '\u{200d}' | '\u{20e3}' | '\u{2139}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{e000}'..='\u{f8ff}')
}

fn is_upper(text: &str) -> bool {
    text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_lowercase)
}

/// The section of each line; a heading line itself belongs to the section it opens.
pub fn sections(lines: &[Line<'_>]) -> Vec<Section> {
    let mut current = Section::Header;
    lines
        .iter()
        .map(|line| {
            if let Some((section, _)) = heading(line) {
                current = section;
            }
            current
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    fn of(text: &str) -> Option<Section> {
        heading(&lines(text)[0]).map(|(section, _)| section)
    }

    #[test]
    fn headings_are_known_in_their_many_forms() {
        for (text, section) in [
            ("WORK EXPERIENCE", Section::Experience),
            ("Employment History:", Section::Experience),
            ("E D U C A T I O N", Section::Education),
            ("ACADEMIC PROFILE", Section::Education),
            ("Education and Training", Section::Education),
            ("Executive Profile", Section::Summary),
            ("Career Overview", Section::Summary),
            ("Skills: Python, SQL", Section::Skills),
            ("Areas of Expertise", Section::Skills),
            ("Berufserfahrung", Section::Experience),
            ("教育背景", Section::Education),
            ("Licenses & Certifications", Section::Certificates),
            ("## Education and registration", Section::Education),
            ("**Skills**", Section::Skills),
            ("**Work experience:**", Section::Experience),
            ("Experience 👩\u{200d}💻", Section::Experience),
            ("💼 Work Experience", Section::Experience),
            ("🎓Education", Section::Education),
            ("Skills🛠\u{fe0f}", Section::Skills),
            ("ℹ\u{fe0f} About me", Section::Summary),
            ("## 🏆 Awards 🏆", Section::Activities),
            ("🗣 Languages: English, German", Section::Languages),
        ] {
            assert_eq!(of(text), Some(section), "{text}");
        }
    }

    #[test]
    fn sentences_and_names_are_not_headings() {
        for text in [
            "experience with kitchens",
            "Built tools for education.",
            "Jordan Work-Smith",
            "- Skills",
            "Head of Education Policy",
            "💼",
            "🚀 Shipped work",
            "👩\u{200d}💻 Ada Lovelace",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
