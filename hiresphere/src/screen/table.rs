//! Tables for people.

use std::fmt::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use projections::models::ranked_pool::Outcome;
use scorers::reading::Failure as Reason;

use super::Row;

/// Width where the terminal's is not known.
const WIDTH: u16 = 140;
/// The least that the reason is given in a table; where there is less, candidates are listed.
const REASON: usize = 32;
/// The most that a name is given.
const NAME: usize = 24;

/// The ranked table, and under it what was not scored and what people should look at.
pub(crate) fn ranked(title: &str, rows: &[Row]) -> String {
    let scored: Vec<&Row> = rows.iter().filter(|r| r.outcome == Outcome::Scored).collect();
    let mut text = format!("\n{title}: {} of {} ranked\n", scored.len(), rows.len());
    if !scored.is_empty() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", table(&scored).unwrap_or_else(|width| list(&scored, width)));
    }
    if let Some(Row { engine: Some(engine), rubric: Some(rubric), .. }) = scored.first() {
        let _ = writeln!(text, "scored by {engine} with rubric {rubric}; people decide");
    }
    for row in rows.iter().filter(|r| r.outcome != Outcome::Scored) {
        let reason = row.reason.as_deref().unwrap_or("?");
        let _ = writeln!(text, "not scored: {} ({reason}): {}", row.file, advice(row));
    }
    for row in rows.iter().filter(|r| !r.hidden.is_empty()) {
        let kinds: Vec<String> = row
            .hidden
            .iter()
            .map(|f| {
                format!("{} characters, {}, page {}", f.chars, f.kind.replace('_', " "), f.page)
            })
            .collect();
        let _ = writeln!(text, "hidden text in {}: {}; not graded", row.file, kinds.join("; "));
    }
    for row in rows {
        for other in row.duplicates.iter().filter_map(|d| d.file.as_ref()) {
            // Suspicion is mutual; each pair is told once.
            if row.file < *other {
                let _ = writeln!(text, "same person? {} and {other}", row.file);
            }
        }
    }
    text
}

/// One line per candidate, or the terminal's width when that is too little for it.
fn table(scored: &[&Row]) -> Result<String, usize> {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Disabled);
    let names = scored.iter().map(|r| called(r).chars().count().min(NAME)).max().unwrap_or(0);
    let parts: Vec<String> = scored
        .first()
        .map(|first| first.criteria.iter().map(|c| format!("{}/{}", c.id, c.max)).collect())
        .unwrap_or_default();
    // Rank, name, total and parts, each with a space on both sides and a rule; the rest is the reason's.
    let taken = 6 + names + 3 + 8 + parts.iter().map(|p| p.len() + 3).sum::<usize>() + 3;
    let width = usize::from(table.width().unwrap_or(WIDTH));
    let reason = width.saturating_sub(taken);
    if reason < REASON {
        return Err(width);
    }
    let header = ["#", "name", "total"].map(str::to_owned);
    table.set_header(header.into_iter().chain(parts).chain(["why".to_owned()]));
    for row in scored {
        let number = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        let mut cells = vec![
            number(row.rank.map(|r| r.to_string()).unwrap_or_default()),
            Cell::new(shortened(&called(row), NAME)),
            number(row.total.map(|t| t.to_string()).unwrap_or_default()),
        ];
        cells.extend(row.criteria.iter().map(|c| number(c.points.to_string())));
        cells.push(Cell::new(shortened(row.reason.as_deref().unwrap_or_default(), reason)));
        table.add_row(cells);
    }
    Ok(table.to_string())
}

/// Three lines per candidate, for narrow terminals.
fn list(scored: &[&Row], width: usize) -> String {
    let mut text = String::new();
    for row in scored {
        let parts: Vec<String> =
            row.criteria.iter().map(|c| format!("{} {}/{}", c.id, c.points, c.max)).collect();
        let rank = row.rank.map(|r| r.to_string()).unwrap_or_default();
        let total = row.total.map(|t| t.to_string()).unwrap_or_default();
        let reason = row.reason.as_deref().unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{rank:>3} {total:>5}  {}", shortened(&called(row), NAME));
        for line in [parts.join(", "), reason.to_owned()] {
            let _ = writeln!(text, "           {}", shortened(&line, width.saturating_sub(12)));
        }
    }
    text.trim_end().to_owned()
}

/// The text on one line, cut to a number of characters.
fn shortened(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end_matches([' ', ',', ';']))
}

/// One candidate's criteria with their quotes.
pub(crate) fn explained(title: &str, row: &Row) -> String {
    let mut text = String::new();
    let rank = row.rank.map(|r| r.to_string()).unwrap_or_default();
    let total = row.total.map(|t| t.to_string()).unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\n{title}: #{rank} {} ({}), {total} of 100", called(row), row.file);
    for c in &row.criteria {
        let _ =
            writeln!(text, "\n{}: level {} of 5, {} of {} points", c.id, c.level, c.points, c.max);
        let _ = writeln!(text, "  {}", c.rationale.as_deref().unwrap_or("(erased)"));
        for q in &c.evidence {
            let quote = q.quote.split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(text, "  > \"{quote}\" [{}..{}]", q.start, q.end);
        }
    }
    let none = "?".to_owned();
    let (engine, rubric, run) = (&row.engine, &row.rubric, &row.run);
    let _ = writeln!(
        text,
        "\nscored by {} with rubric {}; run {}",
        engine.as_ref().unwrap_or(&none),
        rubric.as_ref().unwrap_or(&none),
        run.as_ref().unwrap_or(&none)
    );
    text
}

/// What a row is called: the name, or the file's where there is none.
fn called(row: &Row) -> String {
    let file = || row.file.rsplit('/').next().unwrap_or(&row.file).to_owned();
    row.candidate.name.clone().unwrap_or_else(file)
}

fn advice(row: &Row) -> String {
    if !row.detail.is_empty() {
        return row.detail.clone();
    }
    let code = row.reason.as_deref().unwrap_or_default();
    match Reason::from_code(code) {
        Some(reason) => reason.advice().to_owned(),
        None if code == "PARKED" => {
            "a step failed and was set aside (-v says which); run it again to try once more".into()
        }
        None => "no score could be made".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_stays_on_its_line() {
        assert_eq!(
            shortened("6 of 6 required\nskills: Go, Rust", 100),
            "6 of 6 required skills: Go, Rust"
        );
        assert_eq!(
            shortened("6 of 6 required skills: Go, Rust", 28),
            "6 of 6 required skills: Go…"
        );
    }
}
