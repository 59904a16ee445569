//! The command line.

mod evaluate;
mod models;
mod shared;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tracing::level_filters::LevelFilter;
use uuid::Uuid;

pub(crate) use evaluate::{EvaluateArgs, EvaluateCommand, EvaluateExtractArgs, EvaluateScoreArgs};
pub(crate) use models::{CompareArgs, ModelsArgs, ModelsCommand, RescoreArgs};
pub(crate) use shared::{GraderArgs, PlaceArgs, READING, SandboxArgs, SandboxMode};

use crate::telemetry::logs::LogFormat;

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

/// What every process that stays up answers, for its help.
macro_rules! answers {
    () => {
        "Besides its work it answers at --listen, to anybody:\n  \
        /healthz   whether it lives\n  \
        /readyz    whether it can work, and what fails\n  \
        /metrics   its numbers, for Prometheus"
    };
}
/// Where documents at s3:// addresses get their credentials, for the help of those who open them.
macro_rules! buckets {
    () => {
        "Documents at s3:// addresses are reached with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and, where it \
        is not Amazon's, AWS_ENDPOINT and AWS_ALLOW_HTTP=true (for http://)."
    };
}
/// What the notifier is given in the environment.
const TELLING: &str = "How people are told is in the settings file (docs/notifications.md), and its secrets in the environment:\n  \
    HIRESPHERE_SMTP_URL              the mail server: smtps://user:password@host\n  \
    HIRESPHERE_SLACK_HOOK_URL        an incoming webhook of Slack\n  \
    HIRESPHERE_SLACK_BOT_TOKEN       a bot's token\n  \
    HIRESPHERE_SLACK_SIGNING_SECRET  what Slack signs clicks with";
/// Likewise, the API.
const CLICKS: &str =
    "HIRESPHERE_SLACK_SIGNING_SECRET is what Slack signs clicks with (docs/notifications.md).";

const ANSWERS: &str = answers!();
const ANSWERS_AND_BUCKETS: &str = concat!(answers!(), "\n\n", buckets!());
const SERVE_HELP: &str = concat!(
    "The first start makes an admin token and prints it once. More of them:\n  \
    hiresphere token issue --role recruiter\n\n\
    Then:\n  \
    curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/jobs\n  \
    open http://127.0.0.1:8080/docs\n\n",
    answers!(),
    "\n\n",
    buckets!()
);

#[derive(Subcommand)]
pub(crate) enum Command {
    /// See it work: three jobs, twenty sample resumes, ranked and explained.
    #[command(after_help = READING)]
    Demo(DemoArgs),
    /// Rank your own resumes against a job (the main job).
    Screen(ScreenArgs),
    /// Serve the API, the live feed and everything behind them, in one process.
    #[command(after_help = format!("{SERVE_HELP}\n\n{READING}\n\n{TELLING}"))]
    Serve(ServeArgs),
    /// Make or update the tables, roles and rights of the distributed engine; safe to run again.
    Migrate(MigrateArgs),
    /// Role: serve commands and queries. Scales out.
    #[command(after_help = format!("{ANSWERS_AND_BUCKETS}\n\n{CLICKS}"))]
    Api(ServeArgs),
    /// Role: serve the live feed. Scales out; any replica serves any client.
    #[command(after_help = ANSWERS)]
    LiveFeed(ServeArgs),
    /// Role: give committed events their positions. One works, others stand by.
    #[command(after_help = ANSWERS)]
    Sequencer(ServeArgs),
    /// Role: carry events to the bus. One works, others stand by.
    #[command(after_help = ANSWERS)]
    Relay(ServeArgs),
    /// Role: fold read models. One works, others stand by.
    #[command(after_help = ANSWERS)]
    Projections(ServeArgs),
    /// Role: read and score resumes. Scales out.
    #[command(after_help = format!("{ANSWERS_AND_BUCKETS}\n\n{READING}"))]
    Scorers(ServeArgs),
    /// Role: tell people and systems what happened. One works, others stand by.
    #[command(after_help = format!("{ANSWERS}\n\n{TELLING}"))]
    Notifier(ServeArgs),
    /// See, retry or drop events that a subscription could not handle.
    Parked(ParkedArgs),
    /// Ask a running server whether it is ready; fails when it is not.
    Health(HealthArgs),
    /// Follow a server's live feed in the terminal.
    Tail(TailArgs),
    /// Issue, list and revoke the tokens that people and programs call the API with.
    Token(TokenArgs),
    /// Rebuild what people were shown when they decided about an application, from the log alone.
    Replay(ReplayArgs),
    /// Show what is read out of files: text, hidden text, profile.
    Extract(ExtractArgs),
    /// Say what this machine has for reading files, whether the sandbox holds, and whether models that grade can be asked.
    Doctor(DoctorArgs),
    /// Measure reading, names and ranking on labelled sets, beside simpler methods.
    Evaluate(EvaluateArgs),
    /// See the releases that score, and compare two of them.
    Models(ModelsArgs),
    /// Score a job's applications again with another release, beside the scores that are there.
    Rescore(RescoreArgs),
    /// Make the read models anew from the log and compare.
    Rebuild(RebuildArgs),
    /// Write the published contracts: OpenAPI, AsyncAPI, the JSON Schema of every event.
    Schemas(SchemasArgs),
    /// Erase a person's data for good; the rest of the history stays.
    Erase(EraseArgs),
}

#[derive(Args)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// Logs as text for people or as JSON lines for collectors; never personal data.
    #[arg(long, value_name = "FORMAT", env = "HIRESPHERE_LOG_FORMAT", value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,

    /// One line of JSON, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(
    after_help = "An event that cannot be handled is parked, and only later events of its own stream wait \
    behind it. Whoever runs the subscription notices within a second what is asked here."
)]
pub(crate) struct ParkedArgs {
    #[command(subcommand)]
    pub(crate) command: ParkedCommand,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

#[derive(Subcommand)]
pub(crate) enum ParkedCommand {
    /// Everything that is parked.
    List {
        /// JSON Lines, for scripts.
        #[arg(long)]
        json: bool,
    },
    /// One parked event; what it says of people stays sealed.
    Show {
        /// The subscription: scorers, workflow, grader-baseline-v1, notifier...
        subscription: String,
        /// The event's position.
        #[arg(value_parser = clap::value_parser!(u64).range(1..))]
        position: u64,
        /// One line of JSON, for scripts.
        #[arg(long)]
        json: bool,
    },
    /// Try a parked event's stream again, or all of a subscription's.
    Requeue {
        /// The subscription: scorers, workflow, grader-baseline-v1, notifier...
        subscription: String,
        /// The event's position; without it, everything.
        position: Option<u64>,
    },
    /// Give an event up: it counts as handled, and what waited behind it is tried.
    Drop {
        /// The subscription: scorers, workflow, grader-baseline-v1, notifier...
        subscription: String,
        /// The event's position.
        position: u64,
    },
}

#[derive(Args)]
pub(crate) struct HealthArgs {
    /// What to ask: `/readyz` says whether work is welcome, `/healthz` whether it lives.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/readyz")]
    pub(crate) url: String,
}

#[derive(Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,

    /// End when the tables are printed.
    #[arg(long)]
    pub(crate) once: bool,

    /// Where to serve; another free port is taken when this one is in use.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", conflicts_with = "once")]
    pub(crate) listen: SocketAddr,
}

#[derive(Args)]
pub(crate) struct ServeArgs {
    /// Where to serve.
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "HIRESPHERE_LISTEN",
        default_value = "127.0.0.1:8080"
    )]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,

    #[command(flatten)]
    pub(crate) grader: GraderArgs,

    /// An origin (`https://hiring.example.org`) whose pages may use the API and follow the feed;
    /// may be given several times.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,

    /// Logs as text for people or as JSON lines for collectors; never personal data.
    #[arg(long, value_name = "FORMAT", env = "HIRESPHERE_LOG_FORMAT", value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,

    /// A collector that is told traces, by OpenTelemetry's protocol over HTTP: `http://host:4318`. Ids and names only.
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub(crate) otlp_endpoint: Option<String>,

    /// Seconds that the body of one request may take to arrive.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) body_seconds: u64,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    HIRESPHERE_TOKEN=hst_... hiresphere tail\n  \
    hiresphere tail --after 0 --type application.score_recorded.v1 --json | jq .data.total")]
pub(crate) struct TailArgs {
    /// The server.
    #[arg(long, env = "HIRESPHERE_URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,

    /// A member's token, or an applicant's secret.
    #[arg(long, env = "HIRESPHERE_TOKEN", hide_env_values = true)]
    pub(crate) token: String,

    /// Begin behind this position; without it, with what happens from now on.
    #[arg(long, value_name = "POSITION")]
    pub(crate) after: Option<u64>,

    /// Events about this job and its applications only.
    #[arg(long, value_name = "JOB")]
    pub(crate) job: Option<Uuid>,

    /// Events of these types only, separated by commas.
    #[arg(long = "type", value_name = "TYPES")]
    pub(crate) types: Option<String>,

    /// The messages as they come, one JSON line each.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Issue a token; the last line on standard output is the token, shown this once.
    Issue {
        /// What it may do: admin, recruiter, interviewer or auditor.
        #[arg(long)]
        role: web::Role,
        /// What it is for, in words.
        #[arg(long, default_value = "issued on the command line")]
        name: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// List the tokens; never a secret.
    List {
        #[command(flatten)]
        place: PlaceArgs,
        /// JSON Lines, for scripts.
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token; a running server notices within a second.
    Revoke {
        /// The token's id, as `token list` shows it.
        id: Uuid,
        #[command(flatten)]
        place: PlaceArgs,
    },
}

#[derive(Args)]
#[command(
    after_help = "Works while a server holds the data folder. Fails with REPLAY_DIFFERS when something \
    that was recorded as shown is not what the log gives."
)]
pub(crate) struct ReplayArgs {
    /// The application's id.
    #[arg(value_name = "APPLICATION")]
    pub(crate) application: Uuid,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// Make its scores again instead, from recorded facts alone: resume, job and rubric as they stood, and the answers of
    /// models that were kept. No model is asked.
    #[arg(long)]
    pub(crate) scores: bool,

    /// JSON Lines, one per decision or score, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(after_help = format!("Examples:\n  \
    hiresphere screen --job job.md resumes/\n  \
    hiresphere screen --job job.md resumes/ --why 1\n  \
    hiresphere screen --job job.pdf a.pdf b.docx --json | jq .total\n\n\
    Run it again on the same folder: what was scored is not scored again.\n\n{READING}"))]
pub(crate) struct ScreenArgs {
    /// The job: Markdown, text, JSON, PDF or DOCX.
    #[arg(long, value_name = "FILE")]
    pub(crate) job: PathBuf,

    /// Resumes: files and folders, mixed as you like.
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub(crate) resumes: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,

    #[command(flatten)]
    pub(crate) grader: GraderArgs,

    /// Use a throw-away data folder.
    #[arg(long, conflicts_with_all = ["data", "database_url"])]
    pub(crate) ephemeral: bool,

    /// Print one candidate's criteria with their quotes: the rank in the table.
    #[arg(long, value_name = "RANK", conflicts_with = "json")]
    pub(crate) why: Option<u32>,

    /// JSON Lines in rank order, one per file, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(after_help = READING)]
pub(crate) struct ExtractArgs {
    /// Files and folders.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,

    /// JSON Lines, one per file, for scripts.
    #[arg(long)]
    pub(crate) json: bool,

    /// With --json: where every character stands on its page.
    #[arg(long, requires = "json")]
    pub(crate) places: bool,
}

#[derive(Args)]
pub(crate) struct RebuildArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// Put back, at once, the read models that the last rebuild replaced; they catch up from there.
    #[arg(long)]
    pub(crate) roll_back: bool,

    /// One line of JSON, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(
    after_help = "With --check it writes nothing, and fails with SCHEMA_DRIFT when a file is not what \
    the code says."
)]
pub(crate) struct SchemasArgs {
    /// Compare instead of writing.
    #[arg(long)]
    pub(crate) check: bool,

    /// Where they stand.
    #[arg(value_name = "DIR", default_value = "schemas")]
    pub(crate) dir: PathBuf,
}

#[derive(Args)]
pub(crate) struct EraseArgs {
    /// The candidate's id, as `screen --json` shows it.
    #[arg(value_name = "CANDIDATE")]
    pub(crate) candidate: Uuid,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// Withdraw the candidate's active applications first.
    #[arg(long)]
    pub(crate) withdraw: bool,
}

#[derive(Args)]
#[command(
    after_help = format!("Starts a reading process for each thing that a hostile file could make one try, and has it \
    try. Fails with SANDBOX when one of them could be done behind every layer, or when --sandbox strict asks for \
    more than this machine has.\n\n\
    Each model that grades is asked for its list of models, which costs nothing. Fails with MODEL_AWAY when one cannot be \
    reached, with MODEL_KEY_REFUSED when one does not take its key, with SETTINGS when one has none.\n\n{READING}")
)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,

    #[command(flatten)]
    pub(crate) grader: GraderArgs,

    /// A file with settings; its section `grading` is what counts here.
    #[arg(long, value_name = "FILE", env = "HIRESPHERE_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// One line of JSON, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Cli {
    pub(crate) fn log_level(&self) -> LevelFilter {
        // What stays up says that it starts, stops and fails; the others are asked, and answer.
        let quiet = if self.command.serving().is_some() { 1 } else { 0 };
        match self.verbose.saturating_add(quiet) {
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
            Self::Doctor(args) => args.json,
            Self::Rebuild(args) => args.json,
            Self::Evaluate(args) => args.is_json(),
            Self::Tail(args) => args.json,
            Self::Replay(args) => args.json,
            Self::Models(args) => args.is_json(),
            Self::Rescore(args) => args.json,
            Self::Token(TokenArgs { command: TokenCommand::List { json, .. } }) => *json,
            Self::Migrate(args) => args.json || args.log_format == LogFormat::Json,
            Self::Parked(ParkedArgs {
                command: ParkedCommand::List { json } | ParkedCommand::Show { json, .. },
                ..
            }) => *json,
            _ => self.serving().is_some_and(|args| args.log_format == LogFormat::Json),
        }
    }

    /// Whether it stays up and ends its work by itself when it is interrupted.
    pub(crate) fn serves(&self) -> bool {
        match self {
            Self::Demo(args) => !args.once,
            _ => self.serving().is_some(),
        }
    }

    /// What it serves with, and its name, when it is a server or a role of one.
    fn server(&self) -> Option<(&'static str, &ServeArgs)> {
        match self {
            Self::Serve(args) => Some(("serve", args)),
            Self::Api(args) => Some(("api", args)),
            Self::LiveFeed(args) => Some(("live-feed", args)),
            Self::Sequencer(args) => Some(("sequencer", args)),
            Self::Relay(args) => Some(("relay", args)),
            Self::Projections(args) => Some(("projections", args)),
            Self::Scorers(args) => Some(("scorers", args)),
            Self::Notifier(args) => Some(("notifier", args)),
            _ => None,
        }
    }

    fn serving(&self) -> Option<&ServeArgs> {
        self.server().map(|(_, args)| args)
    }

    /// What its logs are written as.
    pub(crate) fn log_format(&self) -> LogFormat {
        match self {
            Self::Migrate(args) => args.log_format,
            _ => self.serving().map(|args| args.log_format).unwrap_or_default(),
        }
    }

    /// Who is told its traces, and as what it tells them.
    pub(crate) fn collector(&self) -> Option<(&str, &'static str)> {
        let (name, args) = self.server()?;
        let endpoint = args.otlp_endpoint.as_deref().map(str::trim)?;
        (!endpoint.is_empty()).then_some((endpoint, name))
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
