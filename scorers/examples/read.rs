//! Reads files and prints what was found, one JSON object a line: for looking at a resume by hand.
//!
//! `cargo run --release -p hiresphere-scorers --example read -- [--engine pure|pdfium|auto] FILE...`

use std::io::Write as _;
use std::time::Instant;

use scorers::reading::{Engine, Failure, Limits, Reading, read};

fn main() -> std::io::Result<()> {
    let mut limits = Limits::default();
    let mut out = std::io::stdout().lock();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--engine" {
            limits.engine = match args.next().as_deref() {
                Some("pure") => Engine::Pure,
                Some("pdfium") => Engine::Pdfium,
                _ => Engine::Auto,
            };
            continue;
        }
        let begun = Instant::now();
        let reading = match std::fs::read(&arg) {
            Ok(bytes) => read(&bytes, &limits),
            Err(_) => Reading::failed("application/octet-stream", Failure::Unreadable),
        };
        let millis = begun.elapsed().as_secs_f64() * 1e3;
        let line = serde_json::json!({ "file": arg, "millis": millis, "reading": reading });
        writeln!(out, "{line}")?;
    }
    Ok(())
}
