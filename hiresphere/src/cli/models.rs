//! What the commands about models are told.

use clap::{Args, Subcommand};

use super::{GraderArgs, PlaceArgs, READING, SandboxArgs};

#[derive(Args)]
pub(crate) struct ModelsArgs {
    #[command(subcommand)]
    pub(crate) command: ModelsCommand,
}

#[derive(Subcommand)]
pub(crate) enum ModelsCommand {
    /// The releases that are known: who runs them, which is shown, what they scored and cost.
    List {
        #[command(flatten)]
        place: PlaceArgs,

        #[command(flatten)]
        grader: GraderArgs,

        /// JSON Lines, for scripts.
        #[arg(long)]
        json: bool,
    },
    /// Two releases beside each other, over the runs that both made of the same resumes.
    Compare(CompareArgs),
}

#[derive(Args)]
#[command(
    after_help = "Works while a server holds the data folder. Both releases need runs of the same resumes: let one score in \
    shadow (--shadow), or make them:\n  \
    hiresphere rescore --job \"Head Chef\" --release gpt-4o --repeats 2\n  \
    hiresphere models compare baseline gpt-4o"
)]
pub(crate) struct CompareArgs {
    /// A release: a name, or `name@version`.
    pub(crate) one: String,

    /// Another.
    pub(crate) other: String,

    /// Of this job only: its id or its title.
    #[arg(long, value_name = "JOB")]
    pub(crate) job: Option<String>,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// One line of JSON, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(
    after_help = format!("The runs stand beside the scores that people are shown and change no ranking, until --show says so. What was \
    asked for before is not asked for again: run it again after an interruption. With servers, a process in the role \
    `scorers` that has the release may make them meanwhile.\n\n{READING}")
)]
pub(crate) struct RescoreArgs {
    /// The job: its id or its title.
    #[arg(long, value_name = "JOB")]
    pub(crate) job: String,

    /// The release: a name, or `name@version`.
    #[arg(long, value_name = "RELEASE")]
    pub(crate) release: String,

    /// Ask so many times more, to see how much the answers differ.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=20))]
    pub(crate) repeats: u32,

    /// Let the release's scores be those that people are shown, wherever it has one.
    #[arg(long)]
    pub(crate) show: bool,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,

    /// One line of JSON, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

impl ModelsArgs {
    pub(crate) fn is_json(&self) -> bool {
        match &self.command {
            ModelsCommand::List { json, .. } => *json,
            ModelsCommand::Compare(args) => args.json,
        }
    }
}
