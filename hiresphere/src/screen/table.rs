//! Tables for people.

use std::fmt::Write as _;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use projections::models::ranked_pool::Outcome;
use scorers::reading::Failure as Reason;

use super::Row;

/// Width where the terminal's is not known.
const WIDTH: u16 = 120;

/// The ranked table, and under it what was not scored and what people should look at.
pub(crate) fn ranked(title: &str, rows: &[Row]) -> String {
    let scored: Vec<&Row> = rows.iter().filter(|r| r.outcome == Outcome::Scored).collect();
    let mut text = format!("\n{title}: {} of {} ranked\n", scored.len(), rows.len());
    if let Some(first) = scored.first() {
        let mut table = Table::new();
        table
            .load_style(UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic);
        if table.width().is_none() {
            table.set_width(WIDTH);
        }
        let mut header = vec!["#".to_owned(), "name".to_owned(), "total".to_owned()];
        header.extend(first.criteria.iter().map(|c| format!("{}/{}", c.id, c.max)));
        header.push("why".to_owned());
        table.set_header(header);
        for row in &scored {
            let number = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
            let mut cells = vec![
                number(row.rank.map(|r| r.to_string()).unwrap_or_default()),
                Cell::new(called(row)),
                number(row.total.map(|t| t.to_string()).unwrap_or_default()),
            ];
            cells.extend(row.criteria.iter().map(|c| number(c.points.to_string())));
            cells.push(Cell::new(row.reason.as_deref().unwrap_or_default()));
            table.add_row(cells);
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{table}");
        if let (Some(engine), Some(rubric)) = (&first.engine, &first.rubric) {
            let _ = writeln!(text, "scored by {engine} with rubric {rubric}; people decide");
        }
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

/// What a row is called: the name, or the file where there is none.
fn called(row: &Row) -> String {
    row.candidate.name.clone().unwrap_or_else(|| row.file.clone())
}

fn advice(row: &Row) -> String {
    if !row.detail.is_empty() {
        return row.detail.clone();
    }
    let code = row.reason.as_deref().unwrap_or_default();
    match Reason::from_code(code) {
        Some(reason) => reason.advice().to_owned(),
        None if code == "PARKED" => {
            "a step failed again and again and was set aside; see -v".into()
        }
        None => "no score could be made".into(),
    }
}
