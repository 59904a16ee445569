//! The numbers of this process: recorded wherever something happens, told at `/metrics`.
//!
//! Names, types and labels are those of `deploy/metrics.txt`, which dashboards and alerts are held to.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::failure::Failure;

/// How often what was recorded is put together when nobody asks.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// Upper bounds of how long a request takes, in seconds.
const REQUESTS: &[f64] =
    &[0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Upper bounds of how long a score run takes from its request to its record, or a model to its answer, in seconds.
const SCORE_RUNS: &[f64] =
    &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0];
/// Upper bounds of a step of a resume's way, in seconds.
const STEPS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0];

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Begins to record, for the whole process and once.
pub(crate) fn install() -> Result<(), Failure> {
    let failed = |e: metrics_exporter_prometheus::BuildError| {
        Failure::new("METRICS", format!("failed to record numbers: {e}"), "this is a bug")
    };
    let bounds = |name: &str, bounds| (Matcher::Full(name.to_owned()), bounds);
    let mut builder = PrometheusBuilder::new();
    for (name, bounds) in [
        bounds("hiresphere_http_request_seconds", REQUESTS),
        bounds("hiresphere_score_run_seconds", SCORE_RUNS),
        bounds("hiresphere_resume_step_seconds", STEPS),
        bounds("hiresphere_model_call_seconds", SCORE_RUNS),
    ] {
        builder = builder.set_buckets_for_metric(name, bounds).map_err(failed)?;
    }
    let handle = builder.install_recorder().map_err(failed)?;
    describe();
    let _ = HANDLE.set(handle);
    Ok(())
}

/// Puts together what was recorded, as long as it is polled; otherwise it would grow until somebody asks.
pub(crate) async fn upkeep() {
    loop {
        tokio::time::sleep(UPKEEP_EVERY).await;
        if let Some(handle) = HANDLE.get() {
            handle.run_upkeep();
        }
    }
}

/// Everything recorded so far, as Prometheus reads it.
pub(crate) fn render() -> String {
    HANDLE.get().map(PrometheusHandle::render).unwrap_or_default()
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_gauge!("hiresphere_log_head_position", "The position of the last event.");
    describe_gauge!("hiresphere_unsequenced_events", "Committed events without a position.");
    describe_gauge!("hiresphere_unsequenced_oldest_seconds", "How long the oldest of them waits.");
    describe_gauge!("hiresphere_relay_position", "The bus has every event up to here.");
    describe_gauge!(
        "hiresphere_relay_lag_seconds",
        "The age of the oldest event that the bus has not; 0 when it has all."
    );
    describe_counter!(
        "hiresphere_sequenced_events_total",
        "Events that this process gave their positions."
    );
    describe_counter!("hiresphere_sequenced_batches_total", "Transactions in which it did.");
    describe_gauge!(
        "hiresphere_subscription_position",
        "Every event up to here was handled or parked."
    );
    describe_gauge!(
        "hiresphere_subscription_lag_seconds",
        "The age of the oldest event that was not; 0 when there is none."
    );
    describe_gauge!("hiresphere_parked_events", "Events that could not be handled.");
    describe_histogram!(
        "hiresphere_resume_step_seconds",
        "A resume's way: fetch, wait, read, look, profile, grade, record."
    );
    describe_counter!(
        "hiresphere_resumes_read_total",
        "Resumes by what reading them gave: text, or the code of why not."
    );
    describe_histogram!("hiresphere_score_run_seconds", "From a score's request to its record.");
    describe_counter!(
        "hiresphere_model_calls_total",
        "Requests to models by what came of them: answered, refused, away."
    );
    describe_histogram!("hiresphere_model_call_seconds", "Until a model has answered.");
    describe_counter!("hiresphere_model_tokens_total", "Tokens that models read and wrote.");
    describe_counter!(
        "hiresphere_model_cost_micro_usd_total",
        "What that cost, in millionths of a US dollar."
    );
    describe_counter!(
        "hiresphere_commands_total",
        "Commands by what became of them: accepted, unchanged, refused, failed."
    );
    describe_counter!(
        "hiresphere_notifications_total",
        "Attempts to send, by channel and what came of them: sent, again, parked, dropped."
    );
    describe_histogram!("hiresphere_http_request_seconds", "Until a request is answered.");
    describe_gauge!("hiresphere_live_connections", "Connections that follow the live feed.");
    describe_gauge!("hiresphere_role_failing", "1 while a role cannot do its work.");
    describe_gauge!("hiresphere_lease_held", "1 in the process that is at work, 0 on a standby.");
}
