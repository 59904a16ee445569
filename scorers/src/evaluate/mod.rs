//! Measuring the pipeline on labelled sets: reading, names, and ranking against simpler methods.
//!
//! How bytes become text is passed in ([`Pipeline`]), so that this can measure any reader. Nothing here
//! changes what is measured.

mod baselines;
mod bootstrap;
pub mod metrics;
mod report;
mod sets;
mod stability;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use domain::candidate::Profile;
use domain::rubric::Rubric;
use domain::score::assess;
use domain::text::VisibleText;

pub use baselines::{Scores, blind, keyword_overlap, text_length, tf_idf};
pub use report::{Figure, Names, Problem, Ranking, Reading, Report};
pub use sets::{
    CategoryJob, Indexed, Labelled, category_ranking, human_grades, index, injections,
    match_percentage, rows,
};
pub use stability::{Moved, Stability, stability};

use self::bootstrap::Pairs;
use self::metrics::token_recall;
use crate::grading::{Grader, JobBrief, ResumeView};
use crate::job_text;

/// Bytes to text.
pub trait Pipeline {
    /// The visible texts of a file's pages.
    ///
    /// # Errors
    /// Why the file gave no text, in a few words.
    fn pages(&self, file: &Path) -> Result<Vec<String>, String>;
}

impl<F: Fn(&Path) -> Result<Vec<String>, String>> Pipeline for F {
    fn pages(&self, file: &Path) -> Result<Vec<String>, String> {
        self(file)
    }
}

/// Measures how well a pipeline reads the files under `data`, and finds names in them.
pub fn read_and_name(data: &Path, pipeline: &dyn Pipeline) -> Report {
    let mut run = Run { data, pipeline, read: HashMap::new(), report: Report::default() };
    run.reading_and_names(&index(data));
    run.report
}

/// Measures how well a grader ranks the labelled sets under `data`, beside simpler methods.
pub fn rank(data: &Path, pipeline: &dyn Pipeline, grader: &dyn Grader) -> Report {
    let mut run = Run { data, pipeline, read: HashMap::new(), report: Report::default() };
    let (jobs, pairs) = category_ranking(data);
    let named: Vec<(String, String)> = jobs.into_iter().map(|j| (j.category, j.text)).collect();
    run.report.category_ranking = run.rank(grader, &named, &pairs, 1.0);
    let (job, pairs) = match_percentage(data);
    if let Some(text) = (!pairs.is_empty()).then(|| run.text(&job)).flatten() {
        let named = [("job description".to_owned(), text.as_str().to_owned())];
        run.report.match_percentage = run.rank(grader, &named, &pairs, FIT);
    }
    let (jobs, pairs) = human_grades(data);
    let named: Vec<(String, String)> =
        jobs.into_iter().enumerate().map(|(i, t)| (format!("job {}", i + 1), t)).collect();
    run.report.human_grades = run.rank(grader, &named, &pairs, 5.0);
    run.report
}

/// At most so many resumes of the labelled sets, spread over them, each with a job that it fits.
pub fn sample(data: &Path, pipeline: &dyn Pipeline, most: usize) -> Vec<(JobBrief, VisibleText)> {
    let mut run = Run { data, pipeline, read: HashMap::new(), report: Report::default() };
    let (jobs, mut pairs) = category_ranking(data);
    pairs.retain(|pair| pair.label > 0.0);
    let step = (pairs.len() / most.max(1)).max(1);
    let mut found = Vec::new();
    for pair in pairs.iter().step_by(step).take(most) {
        let brief = jobs.get(pair.job).and_then(|job| job_text::parse(&job.text).ok());
        if let (Some(brief), Some(text)) = (brief, run.text(&pair.resume)) {
            found.push((JobBrief::new(brief), text));
        }
    }
    found
}

/// The match percentage from which a resume is said to fit.
const FIT: f64 = 25.0;

struct Run<'a> {
    data: &'a Path,
    pipeline: &'a dyn Pipeline,
    read: HashMap<PathBuf, Option<(VisibleText, Profile)>>,
    report: Report,
}

impl Run<'_> {
    fn short(&self, file: &Path) -> String {
        file.strip_prefix(self.data).unwrap_or(file).display().to_string()
    }

    fn read(&mut self, file: &Path) -> Option<&(VisibleText, Profile)> {
        if !self.read.contains_key(file) {
            let read = match self.pipeline.pages(file) {
                Ok(pages) => {
                    let text = VisibleText::from_pages(pages.iter().map(String::as_str));
                    let profile = crate::profile::parse(&text);
                    Some((text, profile))
                }
                Err(what) => {
                    let file = self.short(file);
                    self.report.unread.push(Problem { file, what });
                    None
                }
            };
            self.read.insert(file.to_owned(), read);
        }
        self.read.get(file)?.as_ref()
    }

    fn text(&mut self, file: &Path) -> Option<VisibleText> {
        self.read(file).map(|(text, _)| text.clone())
    }

    fn reading_and_names(&mut self, index: &[Indexed]) {
        let mut recalls = Vec::new();
        for entry in index.iter().filter(|e| {
            e.kind.starts_with("resume_") && !e.kind.contains("image") && !e.kind.contains("scan")
        }) {
            let file = self.data.join(&entry.path);
            let Some((text, profile)) = self.read(&file) else { continue };
            let name = profile.basics.name.as_ref().map(|f| f.value.clone());
            let stem =
                file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let text = text.clone();
            if let Ok(truth) =
                std::fs::read_to_string(self.data.join("truth").join(format!("{stem}.txt")))
            {
                let recall = token_recall(text.as_str(), &truth);
                recalls.push(recall);
                if recall < 0.95 {
                    self.report.reading.worst.push(Problem {
                        file: entry.path.clone(),
                        what: format!("recall {recall:.3}"),
                    });
                }
            }
            let names = &mut self.report.names;
            let found = name.clone().unwrap_or_else(|| "nothing".into());
            if !entry.names.is_empty() {
                names.known += 1;
                let exact = name.is_some_and(|n| entry.names.iter().any(|e| same_name(e, &n)));
                names.exact += usize::from(exact);
                if !exact {
                    names.wrong.push(Problem {
                        file: entry.path.clone(),
                        what: format!("found {found:?}, not {}", entry.names.join(" or ")),
                    });
                }
            } else if entry.anonymised {
                names.anonymous += 1;
                names.invented += usize::from(name.is_some());
                if name.is_some() {
                    names.wrong.push(Problem {
                        file: entry.path.clone(),
                        what: format!("found {found:?} where there is no name"),
                    });
                }
            }
        }
        self.report.reading.files = recalls.len();
        self.report.reading.mean_recall =
            (!recalls.is_empty()).then(|| recalls.iter().sum::<f64>() / recalls.len() as f64);
        self.report.reading.worst.sort_by(|a, b| a.what.cmp(&b.what));
    }

    /// Ranks with the grader first, then with each simpler method. A label from `positive` up is a fit.
    fn rank(
        &mut self,
        grader: &dyn Grader,
        jobs: &[(String, String)],
        pairs: &[Labelled],
        positive: f64,
    ) -> Vec<Ranking> {
        let mut files: Vec<&PathBuf> = pairs.iter().map(|p| &p.resume).collect();
        files.sort_unstable();
        files.dedup();
        let mut read: Vec<(PathBuf, VisibleText, Profile)> = Vec::new();
        for file in files {
            if let Some((text, profile)) = self.read(file).cloned() {
                read.push((file.clone(), text, profile));
            }
        }
        if read.is_empty() || jobs.is_empty() {
            return vec![];
        }
        let briefs = jobs.iter().map(|(_, text)| job_text::parse(text).ok().map(JobBrief::new));
        let graded: Scores = briefs
            .map(|brief| {
                read.iter()
                    .map(|(_, text, profile)| {
                        brief.as_ref().map_or(f64::NAN, |b| total(grader, b, text, profile))
                    })
                    .collect()
            })
            .collect();
        let job_texts: Vec<&str> = jobs.iter().map(|(_, t)| t.as_str()).collect();
        let texts: Vec<&str> = read.iter().map(|(_, t, _)| t.as_str()).collect();
        let at: HashMap<&Path, usize> =
            read.iter().enumerate().map(|(i, (f, ..))| (f.as_path(), i)).collect();
        let methods = [
            (grader.release().to_owned(), graded),
            ("tf-idf".into(), tf_idf(&job_texts, &texts)),
            ("keywords".into(), keyword_overlap(&job_texts, &texts)),
            ("text length".into(), text_length(&job_texts, &texts)),
            ("resume-blind".into(), blind(&job_texts, &texts)),
        ];
        let (mut rankings, mut all) = (Vec::new(), Vec::new());
        for (method, scores) in methods {
            let (ranking, pairs_of_jobs) = self.places(method, &scores, jobs, pairs, &at, positive);
            rankings.push(ranking);
            all.push(pairs_of_jobs);
        }
        bootstrap::measure(&mut rankings, &all, positive);
        rankings
    }

    /// A method's pairs of score and label, job by job, and those furthest from where they belong. What has no score stands
    /// last.
    fn places(
        &self,
        method: String,
        scores: &Scores,
        jobs: &[(String, String)],
        pairs: &[Labelled],
        at: &HashMap<&Path, usize>,
        positive: f64,
    ) -> (Ranking, Vec<Pairs>) {
        let mut ranking = Ranking { method, ..Ranking::default() };
        let mut all = Vec::new();
        for (job, (name, _)) in jobs.iter().enumerate() {
            let of_job = pairs.iter().filter(|p| p.job == job).filter_map(|p| {
                let score = *scores.get(job)?.get(*at.get(p.resume.as_path())?)?;
                Some((p, if score.is_nan() { -1.0 } else { score }))
            });
            let of_job: Vec<(&Labelled, f64)> = of_job.collect();
            if of_job.is_empty() {
                continue;
            }
            ranking.jobs += 1;
            ranking.pairs += of_job.len();
            let binary: Vec<(f64, bool)> =
                of_job.iter().map(|(p, s)| (*s, p.label >= positive)).collect();
            if let Some(auc) = metrics::auc(&binary) {
                ranking.by_job.push((name.clone(), auc));
            }
            all.push(of_job.iter().map(|(p, s)| (*s, p.label)).collect());
            for (pair, score) in &of_job {
                let fits = pair.label >= positive;
                let wrong = of_job
                    .iter()
                    .filter(|(p, s)| {
                        (p.label >= positive) != fits && if fits { s >= score } else { s <= score }
                    })
                    .count();
                let others = binary.iter().filter(|(_, f)| *f != fits).count().max(1);
                if fits && wrong * 4 > others {
                    let what = format!(
                        "{name}: label {}, score {score:.1}, below {wrong} of {others} that do not fit",
                        pair.label
                    );
                    ranking.worst.push(Problem { file: self.short(&pair.resume), what });
                }
            }
        }
        (ranking, all)
    }
}

fn total(grader: &dyn Grader, brief: &JobBrief, text: &VisibleText, profile: &Profile) -> f64 {
    let rubric = Rubric::default_v1();
    let grades = grader.grade(brief, &rubric, &ResumeView { text, profile });
    grades.ok().and_then(|g| assess(&rubric, g, text).ok()).map_or(f64::NAN, |a| a.total.value())
}

/// The same name, letter case, blanks and Unicode form apart.
fn same_name(a: &str, b: &str) -> bool {
    use unicode_normalization::UnicodeNormalization;
    let plain = |s: &str| {
        s.nfkc()
            .flat_map(char::to_lowercase)
            .collect::<String>()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    plain(a) == plain(b)
}
