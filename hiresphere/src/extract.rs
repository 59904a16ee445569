//! `hiresphere extract`: what is read out of files, without keeping any of it.

use std::fmt::Write as _;

use domain::candidate::Profile;
use futures::StreamExt as _;
use scorers::profile;
use scorers::reading::sandbox::Pool;
use scorers::reading::{Failure as Reason, Hidden, Page};
use serde::Serialize;

use crate::cli::ExtractArgs;
use crate::failure::Failure;
use crate::inputs::{Input, bytes_of, collect};
use crate::{out, readers};

/// One line of `--json`.
#[derive(Serialize)]
struct Line {
    file: String,
    outcome: &'static str,
    reason: Option<&'static str>,
    sniffed_type: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'static str>,
    pages: Vec<PageLine>,
    hidden: Vec<Hidden>,
    profile: Profile,
    #[serde(skip)]
    advice: String,
}

#[derive(Serialize)]
struct PageLine {
    #[serde(flatten)]
    page: Page,
    chars: usize,
}

pub(crate) async fn run(args: ExtractArgs) -> Result<(), Failure> {
    let readers = readers::warned(&args.sandbox).await?;
    let inputs = collect(&args.files, &[])?;
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let mut lines = futures::stream::iter(inputs)
        .map(|input| {
            let readers = readers.clone();
            // A task each, so that parsing one profile does not hold up another file.
            async move {
                let line = tokio::spawn(async move { line(&input, &readers).await }).await;
                line.map_err(|e| Failure::new("INTERNAL", e.to_string(), "report this file"))
            }
        })
        .buffered(at_once);
    while let Some(line) = lines.next().await {
        let mut line = line?;
        if !args.places {
            line.pages.iter_mut().for_each(|of| of.page.places = None);
        }
        if args.json { out::json_line(&line)? } else { out::print(&for_people(&line))? }
    }
    Ok(())
}

async fn line(input: &Input, readers: &Pool) -> Line {
    let failed = |reason: Reason, sniffed_type: String, hidden: Vec<Hidden>, why: String| Line {
        file: input.shown(),
        outcome: "failed",
        reason: Some(reason.code()),
        sniffed_type,
        truncated: false,
        language: None,
        pages: vec![],
        hidden,
        profile: Profile::default(),
        advice: why,
    };
    let bytes = match bytes_of(&input.path, readers.limits().bytes) {
        Ok(bytes) => bytes,
        Err((reason, why)) => return failed(reason, "unknown".into(), vec![], why),
    };
    let reading = readers.read(bytes).await;
    match reading.result {
        Ok(extraction) => {
            let text = extraction.visible_text();
            Line {
                file: input.shown(),
                outcome: "text",
                reason: None,
                sniffed_type: reading.sniffed_type,
                truncated: extraction.truncated,
                language: extraction.language(),
                profile: profile::parse(&text),
                pages: extraction
                    .pages
                    .into_iter()
                    .map(|page| PageLine { chars: page.text.chars().count(), page })
                    .collect(),
                hidden: extraction.hidden,
                advice: String::new(),
            }
        }
        Err(unread) => {
            let advice = unread.failure.advice().to_owned();
            failed(unread.failure, reading.sniffed_type, unread.hidden, advice)
        }
    }
}

fn for_people(line: &Line) -> String {
    let language = line.language.map_or_else(String::new, |code| format!(", {code}"));
    let mut text = format!("{} ({}{language})\n", line.file, line.sniffed_type);
    // Writing to a String cannot fail.
    if let Some(reason) = line.reason {
        let _ = writeln!(text, "  {reason}: {}", line.advice);
    }
    let basics = &line.profile.basics;
    for (label, field) in
        [("name", &basics.name), ("e-mail", &basics.email), ("phone", &basics.phone)]
    {
        if let Some(field) = field {
            let _ = writeln!(text, "  {label}: {}", field.value);
        }
    }
    if !line.profile.skills.is_empty() {
        let skills: Vec<&str> = line.profile.skills.iter().map(|s| s.name.value.as_str()).collect();
        let _ = writeln!(text, "  skills: {}", skills.join(", "));
    }
    for hidden in &line.hidden {
        let kind = hidden.kind.as_str();
        let _ = writeln!(text, "  hidden on page {} ({kind}): {}", hidden.page, hidden.text);
    }
    for PageLine { page, chars } in &line.pages {
        let method = page.method.as_str();
        let _ =
            writeln!(text, "--- page {} ({method}, {chars} characters)\n{}", page.page, page.text);
    }
    text.push('\n');
    text
}
