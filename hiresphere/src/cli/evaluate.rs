//! What the commands that measure are told.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{GraderArgs, PlaceArgs, READING};

#[derive(Args)]
pub(crate) struct EvaluateArgs {
    #[command(subcommand)]
    pub(crate) command: EvaluateCommand,
}

#[derive(Subcommand)]
pub(crate) enum EvaluateCommand {
    /// How well and how fast text is read, and names are found: beside pdftotext and tesseract, where they are installed.
    Extract(EvaluateExtractArgs),
    /// How well a release ranks, beside TF-IDF, key words, text length and a ranker that reads no resume; and how much its scores
    /// move when they should not.
    Score(Box<EvaluateScoreArgs>),
}

#[derive(Args)]
#[command(after_help = READING)]
pub(crate) struct EvaluateExtractArgs {
    /// A folder of labelled sets (docs/evaluation.md says what it holds).
    #[arg(value_name = "DIR")]
    pub(crate) sets: PathBuf,

    /// One line of JSON, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(
    after_help = format!("A model is asked once for every pair of the sets, and for every resume of the sample about thirty times more: see to its \
    price first. Budgets do not hold here.\n\n{READING}")
)]
pub(crate) struct EvaluateScoreArgs {
    /// A folder of labelled sets (docs/evaluation.md says what it holds).
    #[arg(value_name = "DIR")]
    pub(crate) sets: PathBuf,

    /// Resumes on which it is tried what moves a score.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) sample: usize,

    /// How often each of them is graded to see whether the same again gives the same.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=20))]
    pub(crate) repeats: u32,

    /// Write all of it as a page with plots.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) grader: GraderArgs,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// One line of JSON, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

impl EvaluateArgs {
    pub(crate) fn is_json(&self) -> bool {
        match &self.command {
            EvaluateCommand::Extract(args) => args.json,
            EvaluateCommand::Score(args) => args.json,
        }
    }
}
