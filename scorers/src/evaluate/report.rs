//! What an evaluation found, for machines (serde) and for people (a table).

use std::fmt::Write as _;

use serde::Serialize;

/// Everything measured.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// How well text was read, against its truth.
    pub reading: Reading,
    /// How often names were right, and invented.
    pub names: Names,
    /// Ranking resumes of 24 categories against job texts.
    pub category_ranking: Vec<Ranking>,
    /// Ranking resumes against one job, with a match percentage each.
    pub match_percentage: Vec<Ranking>,
    /// Ranking against the grades that people gave; noisy, reported and never tuned for.
    pub human_grades: Vec<Ranking>,
    /// Files that gave no text, with the reason.
    pub unread: Vec<Problem>,
}

/// How well text was read.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Reading {
    /// Files with a truth.
    pub files: usize,
    /// Mean share of the truth's words that were read.
    pub mean_recall: Option<f64>,
    /// Files below 0.95, the worst first.
    pub worst: Vec<Problem>,
}

/// How often names were right.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Names {
    /// Files with a known name.
    pub known: usize,
    /// Names that are exact, letter case and blanks apart.
    pub exact: usize,
    /// Files without a name.
    pub anonymous: usize,
    /// Names given for those.
    pub invented: usize,
    /// What was wrong, file by file.
    pub wrong: Vec<Problem>,
}

/// A file and what was wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// What was wrong.
    pub what: String,
}

/// How well one method ranks. Means are over jobs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Ranking {
    /// "baseline@1", "tf-idf", ...
    pub method: String,
    /// Jobs and pairs measured.
    pub jobs: usize,
    /// Job and resume pairs measured.
    pub pairs: usize,
    /// Area under the ROC curve.
    pub auc: Option<f64>,
    /// 95 % interval of the mean area over jobs.
    pub auc_interval: Option<(f64, f64)>,
    /// Spearman's rank correlation.
    pub spearman: Option<f64>,
    /// NDCG of the first five.
    pub ndcg_at_5: Option<f64>,
    /// Each job's name and area.
    pub by_job: Vec<(String, f64)>,
    /// The pairs furthest from where they belong, the worst first.
    pub worst: Vec<Problem>,
}

impl Report {
    /// A table for a terminal.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let number = |v: Option<f64>| v.map_or_else(|| "-".into(), |v| format!("{v:.3}"));
        let _ = writeln!(
            out,
            "reading    {} files with a truth, mean recall {}",
            self.reading.files,
            number(self.reading.mean_recall)
        );
        list(&mut out, &self.reading.worst);
        let n = &self.names;
        let _ = writeln!(
            out,
            "names      {} of {} exact; {} invented in {} without a name",
            n.exact, n.known, n.invented, n.anonymous
        );
        list(&mut out, &n.wrong);
        for (title, rankings) in [
            ("categories", &self.category_ranking),
            ("match %", &self.match_percentage),
            ("human", &self.human_grades),
        ] {
            let Some(first) = rankings.first() else { continue };
            let _ = writeln!(out, "{title:<10} {} jobs, {} pairs", first.jobs, first.pairs);
            let _ = writeln!(
                out,
                "  {:<16} {:>7} {:>15} {:>9} {:>7}",
                "method", "AUC", "95 %", "Spearman", "NDCG@5"
            );
            for r in rankings {
                let interval =
                    r.auc_interval.map_or_else(|| "-".into(), |(a, b)| format!("{a:.3}..{b:.3}"));
                let _ = writeln!(
                    out,
                    "  {:<16} {:>7} {:>15} {:>9} {:>7}",
                    r.method,
                    number(r.auc),
                    interval,
                    number(r.spearman),
                    number(r.ndcg_at_5)
                );
            }
            for (job, auc) in &first.by_job {
                let _ = writeln!(out, "    {job:<30} {auc:.3}");
            }
            list(&mut out, &first.worst);
        }
        if !self.unread.is_empty() {
            let _ = writeln!(out, "unread     {} files", self.unread.len());
            list(&mut out, &self.unread);
        }
        out
    }
}

fn list(out: &mut String, problems: &[Problem]) {
    for problem in problems.iter().take(12) {
        let _ = writeln!(out, "    {}: {}", problem.file, problem.what);
    }
}
