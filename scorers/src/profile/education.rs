//! Degrees and courses: how far they go, what they are in, where and when.

use domain::candidate::DegreeLevel;

pub use super::degrees::{degree_at, vocational_at};

use super::dates::Month;
use super::outline::Outline;
use super::sections::{Section, heading};
use crate::taxonomy::{Gap, Token};

/// One degree or course of study.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Its level.
    pub level: DegreeLevel,
    /// Words of the degree, `first..last`.
    pub degree: (usize, usize),
    /// Words of the subject, `first..last`.
    pub area: Option<(usize, usize)>,
    /// Words of the school, `first..last`.
    pub institution: Option<(usize, usize)>,
    /// When it ended or will end.
    pub end: Option<Month>,
    /// Its lines, `first..last`.
    pub lines: (usize, usize),
}

impl Study {
    /// Whether a line tells of this study.
    pub fn covers(&self, line: usize) -> bool {
        (self.lines.0..self.lines.1).contains(&line)
    }
}

/// The studies of an outline whose words, lines and dates are known.
pub fn studies(outline: &Outline<'_>) -> Vec<Study> {
    let mut found: Vec<Study> = Vec::new();
    for (line, (first, last)) in outline.line_words.iter().copied().enumerate() {
        if outline.lines.get(line).and_then(heading).is_some_and(|(_, inline)| !inline) {
            continue;
        }
        let schooling = outline.sections.get(line) == Some(&Section::Education)
            || (line.saturating_sub(1)..=line + 1).any(|l| names_school(outline.words_of(l)));
        let mut at = first;
        while at < last {
            let trade = matches!(
                outline.sections.get(line),
                Some(Section::Education | Section::Certificates)
            );
            let named = degree_at(&outline.words, at, schooling).or_else(|| {
                vocational_at(&outline.words, at)
                    .filter(|(.., plain)| *plain || trade)
                    .map(|v| (v.0, v.1))
            });
            let Some((level, count)) = named else {
                at += 1;
                continue;
            };
            let end = (at + count).min(last.max(at + 1));
            // "B.Tech/B.E. (Electronics)" and "MBA, Master of ..." are one degree.
            let joined = |s: &Study| {
                outline
                    .words
                    .get(s.degree.1..=at)
                    .unwrap_or_default()
                    .iter()
                    .all(|w| w.gap == Gap::Joint || w.text.len() < 4)
            };
            let close =
                found.last_mut().filter(|s| s.lines.0 == line && at < s.degree.1 + 2 && joined(s));
            match close {
                Some(study) => study.degree.1 = end,
                None => found.push(Study {
                    level,
                    degree: (at, end),
                    area: None,
                    institution: None,
                    end: None,
                    lines: (line, line + 1),
                }),
            }
            at = end;
            if let Some(study) = found.last_mut() {
                study.area = area(outline, study.degree.1, line);
            }
        }
    }
    let starts: Vec<usize> = found.iter().map(|s| s.lines.0).collect();
    for (i, study) in found.iter_mut().enumerate() {
        let below = starts.get(i + 1).copied().filter(|n| *n > study.lines.0);
        let above = i.checked_sub(1).and_then(|p| starts.get(p)).map_or(0, |p| p + 1);
        place(outline, study, above, below);
    }
    found
}

/// The subject after a degree: up to a separator, a year, or words such as "from" and "at".
fn area(outline: &Outline<'_>, from: usize, line: usize) -> Option<(usize, usize)> {
    let mut from = from;
    while outline.words.get(from).is_some_and(|w| {
        matches!(
            w.text.to_lowercase().as_str(),
            "in" | "of"
                | "en"
                | "degree"
                | "hons"
                | "honours"
                | "s"
                | "major"
                | "science"
                | "arts"
                | "applied"
                | "technology"
                | "engineering"
                | "business"
                | "commerce"
                | "fine"
        ) && wrapper(&outline.words, from)
    }) {
        from += 1;
    }
    let mut to = from;
    while let Some(word) = outline.words.get(to) {
        let lower = word.text.to_lowercase();
        let stops = matches!(
            lower.as_str(),
            "from"
                | "at"
                | "with"
                | "university"
                | "college"
                | "institute"
                | "school"
                | "gpa"
                | "expected"
                | "city"
                | "graduated"
                | "minor"
        );
        let digits = word.text.starts_with(|c: char| c.is_ascii_digit());
        let breaks = to > from && matches!(word.gap, Gap::List | Gap::Stop | Gap::Line);
        if stops
            || digits
            || breaks
            || to - from >= 7
            || outline.line_of(to) > line + usize::from(to == from)
        {
            break;
        }
        to += 1;
    }
    (to > from).then_some((from, to))
}

/// Whether the word only leads to the subject: "in", "of", and "Science" of "Bachelor of Science in".
fn wrapper(words: &[Token<'_>], at: usize) -> bool {
    let small = |w: &Token<'_>| {
        matches!(
            w.text.to_lowercase().as_str(),
            "in" | "of" | "en" | "degree" | "s" | "major" | "hons" | "honours"
        )
    };
    let Some(word) = words.get(at) else { return false };
    small(word)
        || words.get(at + 1).is_some_and(|n| {
            n.gap == Gap::List
                || n.gap == Gap::Joint
                || matches!(n.text.to_lowercase().as_str(), "in" | "degree" | "science")
        })
}

fn names_school(words: &[Token<'_>]) -> bool {
    const SCHOOLS: &[&str] = &[
        "university",
        "college",
        "institute",
        "academy",
        "polytechnic",
        "universität",
        "université",
        "universidad",
        "hochschule",
        "iit",
        "nit",
    ];
    words.len() <= 14 && words.iter().any(|w| SCHOOLS.contains(&w.text.to_lowercase().as_str()))
}

/// Finds the school and the date on the study's own line and the lines about it.
fn place(outline: &Outline<'_>, study: &mut Study, above: usize, below: Option<usize>) {
    let line = study.lines.0;
    // A degree told in passing ("with a Master's degree in Big data") has no lines about it.
    if outline.sections.get(line) != Some(&Section::Education) {
        let (first, end) = outline.line_words.get(line).copied().unwrap_or_default();
        study.institution = school(outline, first, end);
        let dated = outline.dates.iter().find(|d| (first..end).contains(&d.first));
        study.end = dated.map(|d| d.end.unwrap_or(d.start));
        return;
    }
    let last = below.unwrap_or(line + 3).min(line + 3).min(outline.lines.len());
    let lines: Vec<usize> = std::iter::once(line)
        .chain(line + 1..last)
        .chain(line.checked_sub(1).filter(|l| *l >= above))
        .collect();
    for l in lines {
        let in_section = outline.sections.get(l) == outline.sections.get(line);
        if !in_section {
            continue;
        }
        let (first, end) = outline.line_words.get(l).copied().unwrap_or_default();
        if study.institution.is_none() {
            study.institution = school(outline, first, end);
            if study.institution.is_some() {
                study.lines = (study.lines.0.min(l), study.lines.1.max(l + 1));
            }
        }
        if study.end.is_none()
            && let Some(dated) = outline.dates.iter().find(|d| (first..end).contains(&d.first))
        {
            let single_line = outline.lines.get(l).is_some_and(|t| t.word_count() <= 8);
            if l == line || single_line {
                study.end = Some(dated.end.unwrap_or(dated.start));
                study.lines = (study.lines.0.min(l), study.lines.1.max(l + 1));
            }
        }
    }
}

fn school(outline: &Outline<'_>, first: usize, last: usize) -> Option<(usize, usize)> {
    let words = outline.words.get(first..last)?;
    let at = words.iter().position(|w| {
        names_school(std::slice::from_ref(w)) || matches!(w.text, "School" | "SCHOOL")
    })? + first;
    let mut from = at;
    while from > first
        && !matches!(
            outline.words.get(from).map(|w| w.gap),
            Some(Gap::List | Gap::Stop | Gap::Line)
        )
    {
        let before = outline.words.get(from - 1)?;
        if matches!(before.text, "from" | "at" | "in")
            || before.text.starts_with(|c: char| c.is_ascii_digit())
        {
            break;
        }
        from -= 1;
    }
    let mut to = at + 1;
    while to < last && matches!(outline.words.get(to).map(|w| w.gap), Some(Gap::Space | Gap::Joint))
    {
        let word = outline.words.get(to)?;
        if word.text.starts_with(|c: char| c.is_ascii_digit())
            || matches!(word.text, "City" | "in" | "from")
        {
            break;
        }
        to += 1;
    }
    Some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(DegreeLevel, String)> {
        let outline = Outline::of(text);
        let area =
            |s: &Study| s.area.map_or(String::new(), |(a, b)| outline.text_of(a, b).to_owned());
        outline.studies.iter().map(|s| (s.level, area(s))).collect()
    }

    #[test]
    fn degrees_have_levels_and_subjects() {
        use DegreeLevel::*;
        for (text, level, area) in [
            (
                "Education\nPhD in Computer Science, Princeton University",
                Doctorate,
                "Computer Science",
            ),
            ("Education\nBachelor of Science in Biology\nState College 2014", Bachelor, "Biology"),
            (
                "Education\nB.Tech (Telecommunication) from SKN, Coimbatore in 2019",
                Bachelor,
                "Telecommunication",
            ),
            ("EDUCATION\nB.TECH/B.E. (COMPUTERS) FROM RGPV IN 2019", Bachelor, "COMPUTERS"),
            ("Education\nMBA, Praxis School of Business, Kolkata 2020", Master, ""),
            ("Education\nM.S. in Statistics", Master, "Statistics"),
            (
                "Education\nAssociate of Applied Science : Veterinary Technology Oklahoma State",
                Associate,
                "Veterinary Technology Oklahoma State",
            ),
            ("Education\nHigh School Diploma : General studies", Secondary, "General studies"),
            ("Education\nDiploma in Culinary Arts", Certificate, "Culinary Arts"),
            ("Education\nCAP Cuisine with apprenticeship, CFA Nantes", Certificate, "Cuisine"),
            ("Education\nNVQ Level 3 in Professional Cookery", Certificate, "Professional Cookery"),
            ("Training\nCity & Guilds 706/2 Cookery", Certificate, ""),
            ("Education\nHND Hospitality Management", Associate, "Hospitality Management"),
            ("Education\nTécnico Superior en Cocina", Associate, "Cocina"),
            ("Education\nApprenticeship, Grand Hotel 2008", Certificate, ""),
            ("Education\nBSc (Hons) Nursing, Cork", Bachelor, "Nursing"),
            ("Certificates\nNMC registration, adult nursing", Certificate, ""),
            ("Education\nBS in Computer Engineering", Bachelor, "Computer Engineering"),
        ] {
            let found = read(text);
            assert_eq!(found.first().map(|f| f.0), Some(level), "{text}: {found:?}");
            if !area.is_empty() {
                assert_eq!(found[0].1, area, "{text}");
            }
        }
    }

    #[test]
    fn words_that_only_look_like_degrees_are_not() {
        for text in [
            "Experience\nSales Associate, Boston, MA",
            "Skills\nMS Office, MS Excel",
            "Experience\nScrum Master for two teams",
            "Summary\nTo be a good cook",
        ] {
            assert_eq!(read(text), [], "{text}");
        }
    }
}
