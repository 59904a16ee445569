//! Reads files and prints what was found, one JSON object a line: for looking at a resume by hand,
//! and for measuring.
//!
//! `cargo run --release -p hiresphere-scorers --example read -- [--engine pure|pdfium] [--eyes] [--pool] FILE...`
//!
//! With `--eyes`, pictures are read, too. With `--pool`, files are read in child processes, as many at once as there are processors.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use scorers::reading::sandbox::{Pool, PoolConfig, worker_main};
use scorers::reading::{Engine, Eyes, Failure, Limits, Reading, models, read_with};

fn main() -> ExitCode {
    let mut limits = Limits::default();
    let mut pooled = false;
    let mut eyes = None;
    let mut files = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--worker" => return worker_main(),
            "--pool" => pooled = true,
            "--eyes" => eyes = Eyes::open(models().as_deref()).ok(),
            "--engine" => {
                limits.engine = match args.next().as_deref() {
                    Some("pure") => Engine::Pure,
                    Some("pdfium") => Engine::Pdfium,
                    _ => Engine::Auto,
                }
            }
            _ => files.push(arg),
        }
    }
    let done = if pooled {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .and_then(|runtime| runtime.block_on(read_pooled(files, limits)))
    } else {
        files.into_iter().try_for_each(|file| {
            let begun = Instant::now();
            let reading = std::fs::read(&file)
                .map_or_else(|_| unreadable(), |b| read_with(&b, &limits, eyes.as_ref()));
            print(&file, begun, &reading)
        })
    };
    if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn read_pooled(files: Vec<String>, limits: Limits) -> std::io::Result<()> {
    let mut config = PoolConfig::new(std::env::current_exe()?, vec!["--worker".into()]);
    config.limits = limits;
    let pool = Pool::new(config);
    let mut readings = tokio::task::JoinSet::new();
    for file in files {
        let pool = pool.clone();
        readings.spawn(async move {
            let begun = Instant::now();
            let reading = match std::fs::read(&file) {
                Ok(bytes) => pool.read(bytes).await,
                Err(_) => unreadable(),
            };
            (file, begun, reading)
        });
    }
    while let Some(Ok((file, begun, reading))) = readings.join_next().await {
        print(&file, begun, &reading)?;
    }
    Ok(())
}

fn unreadable() -> Reading {
    Reading::failed("application/octet-stream", Failure::Unreadable)
}

fn print(file: &str, begun: Instant, reading: &Reading) -> std::io::Result<()> {
    let millis = begun.elapsed().as_secs_f64() * 1e3;
    let line = serde_json::json!({ "file": file, "millis": millis, "reading": reading });
    writeln!(std::io::stdout(), "{line}")
}
