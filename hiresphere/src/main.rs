//! The one binary: command line, configuration, and the only place that picks an engine.

mod backstage;
mod cli;
mod demo;
mod doctor;
mod engine;
mod erase;
mod evaluate;
mod extract;
mod failure;
mod flow;
mod grading;
mod health;
mod inputs;
mod job_file;
mod migrate;
mod models;
mod notifications;
mod out;
mod parked;
mod readers;
mod rebuild;
mod replay;
mod rescore;
mod schemas;
mod screen;
mod serve;
mod settings;
mod tail;
mod telemetry;
mod token;

use std::process::ExitCode;

use clap::Parser as _;
use tokio::runtime::Handle;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::serve::Role;
use crate::telemetry::logs::LogFormat;
use crate::telemetry::traces::Traces;

/// The argument under which this program reads one file after another for its parent.
pub(crate) const READ_WORKER: &str = "read-worker";

fn main() -> ExitCode {
    // Before anything else: a reading worker must hold as little as it can.
    if std::env::args_os().nth(1).is_some_and(|arg| arg == READ_WORKER) {
        return scorers::reading::sandbox::worker_main();
    }
    // Two libraries speak TLS; both with this.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let json = cli.command.is_json();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            out::report(&failure, json);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::io("start", &e))?;
    let traces = begin_logs(&cli, runtime.handle())?;
    let command = cli.command;
    if command.serves() {
        telemetry::numbers::install()?;
        runtime.spawn(telemetry::numbers::upkeep());
    }
    let done = runtime.block_on(async {
        if command.serves() {
            // A server ends its requests by itself when it is interrupted.
            return carry_out(command).await;
        }
        // Whoever is interrupted still tidies up: throw-away folders go when the work is dropped.
        tokio::select! {
            done = carry_out(command) => done,
            () = interrupted() => {
                let advice = "run it again; what was done is not done twice";
                Err(Failure::new("INTERRUPTED", "interrupted", advice))
            }
        }
    });
    if let Some(traces) = traces {
        traces.end();
    }
    done
}

/// Begins to log, and to trace: to a collector where there is one, and for the ids in logs that are read by machines.
fn begin_logs(cli: &Cli, runtime: &Handle) -> Result<Option<Traces>, Failure> {
    let format = cli.command.log_format();
    let traces = match (cli.command.collector(), format) {
        (Some((endpoint, name)), _) => {
            Some(Traces::told(endpoint, &format!("hiresphere-{name}"), runtime)?)
        }
        (None, LogFormat::Json) => Some(Traces::untold()),
        (None, LogFormat::Text) => None,
    };
    telemetry::logs::begin(cli.log_level(), format, traces.as_ref());
    Ok(traces)
}

async fn carry_out(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => Box::pin(demo::run(args)).await,
        Command::Screen(args) => Box::pin(screen::run(args)).await,
        Command::Extract(args) => extract::run(args).await,
        Command::Doctor(args) => doctor::run(&args).await,
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Serve(args) => Box::pin(serve::run(args, &Role::ALL)).await,
        Command::Api(args) => Box::pin(serve::run(args, &[Role::Api])).await,
        Command::LiveFeed(args) => Box::pin(serve::run(args, &[Role::LiveFeed])).await,
        Command::Sequencer(args) => Box::pin(serve::run(args, &[Role::Sequencer])).await,
        Command::Relay(args) => Box::pin(serve::run(args, &[Role::Relay])).await,
        Command::Projections(args) => Box::pin(serve::run(args, &[Role::Projections])).await,
        Command::Scorers(args) => Box::pin(serve::run(args, &[Role::Scorers])).await,
        Command::Notifier(args) => Box::pin(serve::run(args, &[Role::Notifier])).await,
        Command::Migrate(args) => migrate::run(args).await,
        Command::Parked(args) => parked::run(args).await,
        Command::Health(args) => health::run(&args).await,
        Command::Tail(args) => Box::pin(tail::run(args)).await,
        Command::Token(args) => token::run(args).await,
        Command::Replay(args) => Box::pin(replay::run(args)).await,
        Command::Models(args) => models::run(args).await,
        Command::Rescore(args) => Box::pin(rescore::run(args)).await,
        Command::Schemas(args) => schemas::run(&args),
        Command::Rebuild(args) => rebuild::run(args).await,
        Command::Erase(args) => Box::pin(erase::run(args)).await,
    }
}

/// Resolves when the process is asked to end.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
