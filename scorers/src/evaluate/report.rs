//! What an evaluation found, for machines (serde) and for people (a table).

use std::collections::BTreeMap;
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

/// A figure, how sure it is, and what that proves.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figure {
    /// The mean over jobs.
    pub value: Option<f64>,
    /// A 95 % interval, over draws of the pairs of each job.
    pub interval: Option<(f64, f64)>,
    /// Methods over which it is better in at least 97.5 % of the same draws.
    pub beats: Vec<String>,
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
    /// `auc` (area under the ROC curve), `spearman` (rank correlation), `ndcg_at_5` (NDCG of the first five).
    pub figures: BTreeMap<String, Figure>,
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
        if self.reading.files > 0 {
            let _ = writeln!(
                out,
                "reading    {} files with a truth, mean recall {}",
                self.reading.files,
                number(self.reading.mean_recall)
            );
            list(&mut out, &self.reading.worst);
        }
        let n = &self.names;
        if n.known + n.anonymous > 0 {
            let _ = writeln!(
                out,
                "names      {} of {} exact; {} invented in {} without a name",
                n.exact, n.known, n.invented, n.anonymous
            );
            list(&mut out, &n.wrong);
        }
        for (title, rankings) in [
            ("categories", &self.category_ranking),
            ("match %", &self.match_percentage),
            ("human", &self.human_grades),
        ] {
            let Some(first) = rankings.first() else { continue };
            let _ = writeln!(out, "{title:<10} {} jobs, {} pairs", first.jobs, first.pairs);
            let _ = writeln!(
                out,
                "  {:<14} {:>5} {:>14} {:>9} {:>14} {:>7} {:>14}  beats, by AUC",
                "method", "AUC", "95 %", "Spearman", "95 %", "NDCG@5", "95 %"
            );
            for r in rankings {
                let figure = |name: &str| r.figures.get(name).cloned().unwrap_or_default();
                let interval = |f: &Figure| {
                    f.interval.map_or_else(|| "-".into(), |(a, b)| format!("{a:.2} to {b:.2}"))
                };
                let (auc, rank, gain) = (figure("auc"), figure("spearman"), figure("ndcg_at_5"));
                let beats = if auc.beats.is_empty() { "-".into() } else { auc.beats.join(", ") };
                let _ = writeln!(
                    out,
                    "  {:<14} {:>5} {:>14} {:>9} {:>14} {:>7} {:>14}  {beats}",
                    r.method,
                    number(auc.value),
                    interval(&auc),
                    number(rank.value),
                    interval(&rank),
                    number(gain.value),
                    interval(&gain)
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
