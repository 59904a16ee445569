//! The one binary: command line, configuration, and the only place that picks an engine.

mod cli;
mod demo;
mod engine;
mod erase;
mod evaluate;
mod extract;
mod failure;
mod flow;
mod inputs;
mod job_file;
mod out;
mod rebuild;
mod screen;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::failure::Failure;

/// The argument under which this program reads one file after another for its parent.
pub(crate) const READ_WORKER: &str = "read-worker";

fn main() -> ExitCode {
    // Before anything else: a reading worker must hold as little as it can.
    if std::env::args_os().nth(1).is_some_and(|arg| arg == READ_WORKER) {
        return scorers::reading::sandbox::worker_main();
    }
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(cli.log_level())
        .without_time()
        .init();
    let json = cli.command.is_json();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            out::report(&failure, json);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::io("start", &e))?;
    runtime.block_on(async {
        match command {
            Command::Demo(args) => Box::pin(demo::run(args)).await,
            Command::Screen(args) => screen::run(args).await,
            Command::Extract(args) => extract::run(args).await,
            Command::Evaluate(args) => evaluate::run(&args),
            Command::Rebuild(args) => rebuild::run(args).await,
            Command::Erase(args) => erase::run(args).await,
        }
    })
}
