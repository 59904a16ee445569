//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tracing::level_filters::LevelFilter;
use uuid::Uuid;

/// Reads resumes, scores them against a job by a weighted rubric with quoted evidence for every
/// point, and keeps every fact in a log that nobody can edit. People decide.
#[derive(Parser)]
#[command(name = "hiresphere", version, max_term_width = 100)]
#[command(after_help = "Start here:\n  \
    hiresphere demo --once\n  \
    hiresphere screen --job my-job.md resumes/")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Say more about what happens (-v, -vv); never personal data.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// See it work: three jobs, twenty sample resumes, ranked and explained.
    Demo(DemoArgs),
    /// Rank your own resumes against a job (the main job).
    Screen(ScreenArgs),
    /// Show what is read out of files: text, hidden text, profile.
    Extract(ExtractArgs),
    /// Measure reading, names and ranking on labelled sets, beside simpler methods.
    Evaluate(EvaluateArgs),
    /// Make the read models anew from the log and compare.
    Rebuild(RebuildArgs),
    /// Erase a person's data for good; the rest of the history stays.
    Erase(EraseArgs),
}

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// End when the tables are printed.
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    hiresphere screen --job job.md resumes/\n  \
    hiresphere screen --job job.md resumes/ --why 1\n  \
    hiresphere screen --job job.pdf a.pdf b.docx --json | jq .total\n\n\
    Run it again on the same folder: what was scored is not scored again.")]
pub(crate) struct ScreenArgs {
    /// The job: Markdown, text, JSON, PDF or DOCX.
    #[arg(long, value_name = "FILE")]
    pub(crate) job: PathBuf,

    /// Resumes: files and folders, mixed as you like.
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub(crate) resumes: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) data: DataArgs,

    /// Use a throw-away data folder.
    #[arg(long, conflicts_with = "data")]
    pub(crate) ephemeral: bool,

    /// Print one candidate's criteria with their quotes: the rank in the table.
    #[arg(long, value_name = "RANK", conflicts_with = "json")]
    pub(crate) why: Option<u32>,

    /// JSON Lines in rank order, one per file, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct ExtractArgs {
    /// Files and folders.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// JSON Lines, one per file, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct EvaluateArgs {
    /// A folder of labelled sets (docs/evaluation.md says what it holds).
    #[arg(value_name = "DIR")]
    pub(crate) sets: PathBuf,

    /// One line of JSON, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct RebuildArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,

    /// One line of JSON, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct EraseArgs {
    /// The candidate's id, as `screen --json` shows it.
    #[arg(value_name = "CANDIDATE")]
    pub(crate) candidate: Uuid,

    #[command(flatten)]
    pub(crate) data: DataArgs,

    /// Withdraw the candidate's active applications first.
    #[arg(long)]
    pub(crate) withdraw: bool,
}

#[derive(Args)]
pub(crate) struct DataArgs {
    /// Where everything is kept.
    #[arg(long, value_name = "DIR", env = "HIRESPHERE_DATA", default_value = "hiresphere-data")]
    pub(crate) data: PathBuf,
}

impl Cli {
    pub(crate) fn log_level(&self) -> LevelFilter {
        match self.verbose {
            0 => LevelFilter::ERROR,
            1 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        }
    }
}

impl Command {
    pub(crate) fn is_json(&self) -> bool {
        match self {
            Self::Screen(args) => args.json,
            Self::Extract(args) => args.json,
            Self::Rebuild(args) => args.json,
            Self::Evaluate(args) => args.json,
            Self::Demo(_) | Self::Erase(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
