//! Writing to people and to scripts.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::failure::Failure;

/// Says on standard error why a command failed.
pub(crate) fn report(failure: &Failure, json: bool) {
    let Failure { code, message, advice } = failure;
    let text = if json {
        let error = serde_json::json!({ "code": code, "message": message, "advice": advice });
        serde_json::json!({ "error": error }).to_string()
    } else if advice.is_empty() {
        format!("error[{code}]: {message}")
    } else {
        format!("error[{code}]: {message}\n  what to do: {advice}")
    };
    // There is nobody left to tell when standard error is gone, too.
    let text: String = text.chars().filter(|c| !steers(*c)).collect();
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A line on standard error, for people.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Text for people on standard output. File names and resumes come from strangers: what would steer a
/// terminal is taken out.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let harmless: String = text.chars().filter(|c| !steers(*c)).collect();
    write(&harmless)
}

/// Control characters, and those that turn the direction of text around.
fn steers(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn write(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| Failure::io("write the output", &e))
}

/// A JSON line on standard output.
pub(crate) fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    let mut line = serde_json::to_string(value)
        .map_err(|e| Failure::new("IO", format!("failed to encode a line: {e}"), ""))?;
    line.push('\n');
    write(&line)
}

/// A progress bar on standard error; nothing when it is not a terminal.
pub(crate) fn progress(total: usize) -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    let style = "{spinner} reading and scoring [{bar:30}] {pos}/{len}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
