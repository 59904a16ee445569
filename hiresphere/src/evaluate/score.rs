//! `hiresphere evaluate score`: how well a release ranks, beside simpler methods, and what moves its scores that should not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::application::Usage;
use domain::ids::DocumentId;
use domain::rubric::Rubric;
use domain::score::Grade;
use event_log::LogError;
use event_log::ports::Amount;
use indicatif::ProgressBar;
use scorers::evaluate::{Report, Stability, injections, rank, sample, stability};
use scorers::grading::{GradeError, Grader, JobBrief, ResumeView};
use scorers::worker::{Desk, Engine, EngineError, Exchange, Task};
use tokio::runtime::Handle;

use super::{html, pages_of, sets};
use crate::cli::EvaluateScoreArgs;
use crate::failure::Failure;
use crate::grading::Grading;
use crate::out;

/// Everything measured of a release.
#[derive(serde::Serialize)]
pub(super) struct Measured {
    pub(super) release: String,
    pub(super) ranking: Report,
    pub(super) stability: Stability,
    /// What the release's gradings cost, all together.
    pub(super) usage: Usage,
    pub(super) gradings: u64,
    /// Those without a score, by reason.
    pub(super) failures: BTreeMap<String, u64>,
}

pub(super) fn run(args: &EvaluateScoreArgs) -> Result<(), Failure> {
    let data = sets(&args.sets)?;
    let grading = Grading::of(&args.place, &args.grader)?;
    let engine = grading.engines()?.into_iter().next();
    let engine = engine.ok_or_else(|| Failure::new("SETTINGS", "nobody grades", ""))?;
    let bar = out::progress(0);
    let grader = Asked::new(engine, bar.clone());
    let read = |file: &Path| pages_of(file, scorers::reading::Engine::Auto);
    let ranking = rank(data, &read, &grader);
    let pairs = sample(data, &read, args.sample);
    let sentences = injections(data);
    let stability = stability(&grader, &pairs, args.repeats as usize, &sentences, &|| ());
    bar.finish_and_clear();
    let measured = grader.measured(ranking, stability);
    if let Some(file) = &args.report {
        write(file, &html::page(&measured))?;
    }
    if args.json {
        return out::json_line(&measured);
    }
    let mut text = measured.ranking.table();
    text += &told(&measured);
    if let Some(file) = &args.report {
        text += &format!("\nthe report is in {}\n", file.display());
    }
    out::print(&text)
}

fn write(file: &PathBuf, page: &str) -> Result<(), Failure> {
    std::fs::write(file, page).map_err(|e| Failure::io(&format!("write {}", file.display()), &e))
}

fn told(measured: &Measured) -> String {
    let number = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.2}"));
    let s = &measured.stability;
    let mut text = String::from(
        "\nwhat must not move a score, in points    mean  largest  of resumes  without a score\n",
    );
    for (name, moved) in [
        ("the same again (standard deviation)", &s.retest),
        ("another name at the top (range)", &s.name_swap),
        ("a sentence that asks for points", &s.injection),
    ] {
        text += &format!(
            "  {name:<37} {:>6}  {:>7}  {:>10}  {:>15}\n",
            number(moved.mean),
            number(moved.largest),
            moved.resumes,
            moved.failed
        );
    }
    let Measured { usage, gradings, failures, release, .. } = measured;
    text += &format!("\n{release}: {gradings} gradings");
    if usage.tokens_in > 0 {
        text += &format!(
            ", {} tokens in, {} out, ${:.4}",
            usage.tokens_in,
            usage.tokens_out,
            usage.cost_micro_usd as f64 / 1e6
        );
    }
    for (reason, times) in failures {
        text += &format!(", {reason} {times}");
    }
    text + "\n"
}

/// An engine, asked one resume after another, as the evaluation's grader.
struct Asked {
    engine: Arc<dyn Engine>,
    release: String,
    bar: ProgressBar,
    spent: std::sync::Mutex<(Usage, u64, BTreeMap<String, u64>)>,
}

impl Asked {
    fn new(engine: Arc<dyn Engine>, bar: ProgressBar) -> Self {
        let release = engine.release().label();
        Self { engine, release, bar, spent: std::sync::Mutex::default() }
    }

    fn measured(self, ranking: Report, stability: Stability) -> Measured {
        let spent = self.spent.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (usage, gradings, failures) = spent;
        Measured { release: self.release, ranking, stability, usage, gradings, failures }
    }

    fn note(&self, usage: Usage, failure: Option<String>) {
        let mut spent = self.spent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        spent.0 += usage;
        spent.1 += 1;
        if let Some(reason) = failure {
            *spent.2.entry(reason).or_default() += 1;
        }
        self.bar.inc_length(1);
        self.bar.inc(1);
    }
}

impl Grader for Asked {
    fn release(&self) -> &str {
        &self.release
    }

    fn grade(
        &self,
        job: &JobBrief,
        rubric: &Rubric,
        resume: &ResumeView<'_>,
    ) -> Result<Vec<Grade>, GradeError> {
        // The sets are of then; a fixed date gives the same figures next year.
        let as_of = chrono::DateTime::from_timestamp(1_609_459_200, 0).unwrap_or_default();
        let asking = async {
            loop {
                let (text, profile) = (resume.text, resume.profile);
                let task = Task { job, rubric, text, profile, as_of };
                match self.engine.grade(task, &Nobody).await {
                    Err(EngineError::Later { after, waits_for }) => {
                        self.bar.set_message(format!("waits for {waits_for}"));
                        tokio::time::sleep(after).await;
                    }
                    done => break done,
                }
            }
        };
        // It is asked from code that does not wait for anybody.
        match tokio::task::block_in_place(|| Handle::current().block_on(asking)) {
            Ok(graded) => {
                self.note(graded.usage, None);
                Ok(graded.grades)
            }
            Err(EngineError::Failed { reason, usage, .. }) => {
                self.note(usage, Some(reason.clone()));
                Err(GradeError::Engine(reason))
            }
            Err(other) => {
                self.note(Usage::default(), Some("ENGINE".into()));
                Err(GradeError::Engine(other.to_string()))
            }
        }
    }
}

/// The desk of an evaluation: nothing is kept, and no budget holds.
struct Nobody;

#[async_trait::async_trait]
impl Desk for Nobody {
    async fn kept(&self, _: u32) -> Result<Option<(Exchange, DocumentId)>, LogError> {
        Ok(None)
    }

    async fn keep(&self, n: u32, _: &Exchange) -> Result<DocumentId, LogError> {
        Ok(DocumentId(uuid::Uuid::from_u128(n.into())))
    }

    async fn book(&self, _: Amount) -> Result<Option<String>, LogError> {
        Ok(None)
    }

    async fn correct(&self, _: Amount, _: Amount) -> Result<(), LogError> {
        Ok(())
    }

    async fn stopped(&self) {
        std::future::pending().await
    }
}
