//! Readers of the labelled sets in a data directory. What is not there is left out, not an error.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One line of `INDEX.tsv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// Path under the data directory.
    pub path: String,
    /// What it is: `resume_pdf`.
    pub kind: String,
    /// Accepted names; empty where none is given.
    pub names: Vec<String>,
    /// Whether the file is said to have no name in it.
    pub anonymised: bool,
    /// Skills said to be in it, by name.
    pub skills: Vec<String>,
}

/// A job and the category whose resumes fit it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryJob {
    /// "CHEF".
    pub category: String,
    /// The job's text: title, description, technologies.
    pub text: String,
}

/// A resume with what is said of it against one job.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// Which job, by its place among the set's jobs.
    pub job: usize,
    /// The resume's file.
    pub resume: PathBuf,
    /// The label: a match percentage, a human grade, or 1 and 0.
    pub label: f64,
}

/// Rows of a separated file, the first one (the names of its columns) included. Fields may be quoted.
pub fn rows(text: &str, separator: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                field.push('"');
                chars.next();
            }
            '"' if separator == ',' && (quoted || field.is_empty()) => quoted = !quoted,
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            c if c == separator && !quoted => row.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}

/// Rows as maps from the first row's names; lines that open with `#` are left out.
fn named_rows(path: &Path, separator: char) -> Vec<std::collections::HashMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut rows = rows(&text, separator)
        .into_iter()
        .filter(|r| !r.first().is_some_and(|f| f.starts_with('#')));
    let Some(names) = rows.next() else { return vec![] };
    rows.map(|row| names.iter().cloned().zip(row).collect()).collect()
}

/// The lines of `INDEX.tsv`.
pub fn index(data: &Path) -> Vec<Indexed> {
    let rows = named_rows(&data.join("INDEX.tsv"), '\t');
    let rows = rows.into_iter().filter_map(|row| {
        let expect = row.get("expect").cloned().unwrap_or_default();
        let fact = |name: &str| {
            expect
                .split(';')
                .find_map(|f| f.trim().strip_prefix(name))
                .unwrap_or_default()
                .to_owned()
        };
        let list = |text: String, by: char| {
            text.split(by).map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
        };
        Some(Indexed {
            path: row.get("path")?.clone(),
            kind: row.get("kind")?.clone(),
            names: list(fact("name="), '|'),
            anonymised: expect.contains("anonymised"),
            skills: list(fact("skills="), ','),
        })
    });
    rows.collect()
}

#[derive(Deserialize)]
struct CategoryFile {
    category: String,
    title: String,
    description: String,
    #[serde(default)]
    technology_skills: Vec<String>,
}

/// Jobs of `labelled/category_ranking`, and each resume once per job with 1 where its category is the job's.
pub fn category_ranking(data: &Path) -> (Vec<CategoryJob>, Vec<Labelled>) {
    let folder = data.join("labelled/category_ranking");
    let text = std::fs::read_to_string(folder.join("jds.json")).unwrap_or_default();
    let files: Vec<CategoryFile> = serde_json::from_str(&text).unwrap_or_default();
    let job = |f: CategoryFile| CategoryJob {
        text: format!(
            "{}\n\n{}\n\nTechnology skills: {}",
            f.title,
            f.description,
            f.technology_skills.join("; ")
        ),
        category: f.category,
    };
    let jobs: Vec<CategoryJob> = files.into_iter().map(job).collect();
    let resumes = named_rows(&folder.join("resumes.csv"), ',');
    let mut pairs = Vec::new();
    for (at, job) in jobs.iter().enumerate() {
        for row in &resumes {
            let (Some(resume), Some(category)) = (row.get("resume"), row.get("category")) else {
                continue;
            };
            pairs.push(Labelled {
                job: at,
                resume: data.join(resume),
                label: f64::from(u8::from(*category == job.category)),
            });
        }
    }
    (jobs, pairs)
}

/// The job description (a PDF) of `labelled/match_percentage`, and its resumes with their percentages.
pub fn match_percentage(data: &Path) -> (PathBuf, Vec<Labelled>) {
    let folder = data.join("labelled/match_percentage");
    let pairs = named_rows(&folder.join("pairs.csv"), ',').into_iter().filter_map(|row| {
        let label = row.get("match_percentage")?.parse().ok()?;
        Some(Labelled { job: 0, resume: folder.join("resumes").join(row.get("resume")?), label })
    });
    (folder.join("job_description.pdf"), pairs.collect())
}

#[derive(Deserialize)]
struct GradedJob {
    jd_id: String,
    key_skills: Vec<String>,
}

/// Jobs of `labelled/ferr_human_grades` (known as lists of skills) and the grades of 1 to 7 that people gave.
pub fn human_grades(data: &Path) -> (Vec<String>, Vec<Labelled>) {
    let folder = data.join("labelled/ferr_human_grades");
    let text = std::fs::read_to_string(folder.join("jds.json")).unwrap_or_default();
    let jobs: Vec<GradedJob> = serde_json::from_str(&text).unwrap_or_default();
    let pairs = named_rows(&folder.join("pairs.csv"), ',').into_iter().filter_map(|row| {
        let id = row.get("jd_id")?;
        let job = jobs.iter().position(|j| j.jd_id == *id)?;
        Some(Labelled {
            job,
            resume: data.join(row.get("resume_pdf")?),
            label: row.get("score")?.parse().ok()?,
        })
    });
    let pairs = pairs.collect();
    let text = |j: &GradedJob| {
        format!(
            "Requirements\n{}",
            j.key_skills.iter().map(|s| format!("- {s}")).collect::<Vec<_>>().join("\n")
        )
    };
    (jobs.iter().map(text).collect(), pairs)
}

/// Sentences of `injections/injections.txt` that ask a grader for points, or to do something else than grade.
pub fn injections(data: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(data.join("injections/injections.txt")).unwrap_or_default();
    let malicious = |row: Vec<String>| match &row[..] {
        [_, label, _, _, text, ..] if label == "malicious" => Some(text.replace("\\n", "\n")),
        _ => None,
    };
    rows(&text, '\t').into_iter().filter_map(malicious).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_fields_keep_their_separators() {
        assert_eq!(rows("a,\"b, \"\"c\"\"\"\r\nd,e", ','), [["a", "b, \"c\""], ["d", "e"]]);
        assert_eq!(rows("a\t\"b\n", '\t'), [["a", "\"b"]]);
    }

    #[test]
    fn sets_are_read_from_their_folder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("labelled/category_ranking");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            folder.join("jds.json"),
            r#"[{"category":"CHEF","title":"Cooks","description":"Cook."}]"#,
        )
        .unwrap();
        std::fs::write(folder.join("resumes.csv"), "resume,category\na.pdf,CHEF\nb.pdf,LAW\n")
            .unwrap();
        std::fs::write(
            dir.path().join("INDEX.tsv"),
            "path\tkind\texpect\na.pdf\tresume_pdf\tname=A B|C D; skills=SQL,Go; anonymised\n",
        )
        .unwrap();
        let (jobs, pairs) = category_ranking(dir.path());
        assert_eq!(jobs[0].category, "CHEF");
        assert_eq!(pairs.iter().map(|p| p.label).collect::<Vec<_>>(), [1.0, 0.0]);
        let index = index(dir.path());
        assert_eq!(
            (index[0].names.as_slice(), index[0].skills.len(), index[0].anonymised),
            (&["A B".to_owned(), "C D".to_owned()][..], 2, true)
        );
        assert_eq!(match_percentage(dir.path()).1, []);
    }
}
