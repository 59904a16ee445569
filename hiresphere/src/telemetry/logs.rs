//! Logs on standard error: text for people, or a line of JSON for each event.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use super::traces::Traces;

/// What a log is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For collectors: time, level, target, fields, and the trace that it belongs to.
    Json,
}

/// Begins to log, and to trace where somebody gathers or reads traces, for the whole process and once.
pub(crate) fn begin(level: LevelFilter, format: LogFormat, traces: Option<&Traces>) {
    // What cannot be written must neither be told on standard error, nor panic.
    let lines = fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    let lines = match format {
        LogFormat::Text => lines.without_time().boxed(),
        LogFormat::Json => lines.json().with_current_span(true).with_span_list(false).boxed(),
    };
    tracing_subscriber::registry().with(level).with(lines).with(traces.map(Traces::layer)).init();
}
