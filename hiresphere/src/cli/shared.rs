//! What several commands are told: where everything is, what confines readers, who grades.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use scorers::reading::sandbox::Layer;

/// Where everything is: a folder, or servers.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Where everything is")]
pub(crate) struct PlaceArgs {
    /// The data folder of the embedded engine; with servers, this process's own files [default:
    /// hiresphere-data].
    #[arg(long, value_name = "DIR", env = "HIRESPHERE_DATA")]
    pub(crate) data: Option<PathBuf>,

    /// The distributed engine's PostgreSQL: `postgres://user:password@host/database`.
    #[arg(long, value_name = "URL", env = "HIRESPHERE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    /// The distributed engine's bus: `nats://host:4222`, JetStream on.
    #[arg(long, value_name = "URL", env = "HIRESPHERE_NATS_URL", hide_env_values = true)]
    pub(crate) nats_url: Option<String>,

    /// The PostgreSQL of people's keys [default: that of the log].
    #[arg(long, value_name = "URL", env = "HIRESPHERE_KEYS_URL", hide_env_values = true)]
    pub(crate) keys_url: Option<String>,

    /// Where sealed documents are: `file:///folder` or `s3://bucket/prefix` [default: DATA/documents].
    #[arg(long, value_name = "URL", env = "HIRESPHERE_DOCUMENTS_URL")]
    pub(crate) documents_url: Option<String>,

    /// The master key: 32 bytes or 64 hexadecimal digits; HIRESPHERE_MASTER_KEY may hold the digits
    /// instead [default: DATA/keys/master].
    #[arg(long, value_name = "FILE", env = "HIRESPHERE_MASTER_KEY_FILE")]
    pub(crate) master_key_file: Option<PathBuf>,

    /// A file with these settings (YAML: `database_url: ...`); what is said here wins.
    #[arg(long, value_name = "FILE", env = "HIRESPHERE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

/// What confines the processes that read files.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Reading files")]
pub(crate) struct SandboxArgs {
    /// Every file is read by a process of its own, with limits and no environment. On Linux, Landlock and seccomp besides take
    /// files, network and processes away from it: `strict` reads nothing without them, `best-effort` warns.
    #[arg(long, value_name = "HOW", env = "HIRESPHERE_SANDBOX", value_enum, default_value_t)]
    pub(crate) sandbox: SandboxMode,

    /// Do as if this machine did not have these layers: to see what then happens.
    #[arg(long, value_name = "LAYERS", value_delimiter = ',', value_parser = layer, hide = true)]
    pub(crate) sandbox_without: Vec<Layer>,
}

/// What is looked for without an option, for the help of those who read files.
pub(crate) const READING: &str = "What scripts/models.sh fetched (networks that read scans with fewer mistakes, libpdfium) is \
    looked for in the folder that HIRESPHERE_MODELS names [default: hiresphere/models in XDG_DATA_HOME, or in ~/.local/share]. \
    HIRESPHERE_PDFIUM names another libpdfium, or its folder. `hiresphere doctor` says what is there.";

/// Who grades.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Grading")]
pub(crate) struct GraderArgs {
    /// The release whose scores people are shown: `baseline` (local, needs no key), `gpt-4o` (with OPENAI_API_KEY, at
    /// OPENAI_BASE_URL if that is set), or one of the settings file [default: baseline].
    #[arg(long, value_name = "RELEASE", env = "HIRESPHERE_GRADER")]
    pub(crate) grader: Option<String>,

    /// Releases that score beside it, unseen, to be compared; separated by commas.
    #[arg(long, value_name = "RELEASES", env = "HIRESPHERE_SHADOW", value_delimiter = ',')]
    pub(crate) shadow: Vec<String>,
}

/// How much of the sandbox there must be.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SandboxMode {
    /// All of it.
    Strict,
    /// What this machine has.
    #[default]
    BestEffort,
}

fn layer(name: &str) -> Result<Layer, String> {
    let found = Layer::ALL.into_iter().find(|layer| layer.as_str() == name);
    found.ok_or_else(|| "landlock or seccomp".to_owned())
}
