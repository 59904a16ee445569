//! The report of `evaluate score` as one page that needs nothing else: tables, and bars with their intervals.

use std::fmt::Write as _;

use scorers::evaluate::{Figure, Moved, Ranking};

use super::score::Measured;

/// Measures of a ranking, by the name that figures have, and what they are called.
const MEASURES: &[(&str, &str)] =
    &[("auc", "AUC"), ("spearman", "Spearman"), ("ndcg_at_5", "NDCG@5")];

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}\
    h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem}table{border-collapse:collapse;margin:1rem 0}\
    th,td{padding:.25rem .8rem;text-align:right;border-bottom:1px solid #d8dee4}th:first-child,td:first-child{text-align:left}\
    figure{margin:1rem 0}figcaption{color:#57606a}svg text{font:12px system-ui,sans-serif}.note{color:#57606a}";

pub(super) fn page(measured: &Measured) -> String {
    let mut out = String::new();
    let release = escaped(&measured.release);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{release} measured</title>\
         <style>{STYLE}</style></head><body>\n<h1>How well {release} ranks, and what moves its scores</h1>\n\
         <p class=\"note\">Means over jobs; lines are 95 % intervals over 400 draws of the pairs of each job. A method beats another \
         where the interval of their difference, over the same draws, lies above 0. The human ceiling is not known: every pair was \
         labelled by one person or source.</p>\n"
    );
    let report = &measured.ranking;
    for (title, rankings) in [
        ("Resumes of many categories against job texts", &report.category_ranking),
        ("Resumes against one job, by a match percentage", &report.match_percentage),
        ("Resumes against lists of skills, by the grades of people", &report.human_grades),
    ] {
        set(&mut out, title, rankings);
    }
    stable(&mut out, measured);
    out.push_str("</body></html>\n");
    out
}

fn set(out: &mut String, title: &str, rankings: &[Ranking]) {
    let Some(first) = rankings.first() else { return };
    let _ = write!(
        out,
        "<h2>{}</h2>\n<p class=\"note\">{} jobs, {} pairs</p>\n",
        escaped(title),
        first.jobs,
        first.pairs
    );
    for (name, called) in MEASURES {
        bars(out, called, name, rankings);
    }
    out.push_str("<table><tr><th>method</th>");
    for (_, called) in MEASURES {
        let _ = write!(out, "<th>{called}</th><th>95 %</th><th>beats</th>");
    }
    out.push_str("</tr>\n");
    for ranking in rankings {
        let _ = write!(out, "<tr><td>{}</td>", escaped(&ranking.method));
        for (name, _) in MEASURES {
            let figure = ranking.figures.get(*name).cloned().unwrap_or_default();
            let beats =
                if figure.beats.is_empty() { "-".to_owned() } else { figure.beats.join(", ") };
            let _ = write!(
                out,
                "<td>{}</td><td>{}</td><td>{}</td>",
                number(figure.value),
                interval(figure.interval),
                escaped(&beats)
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

/// Horizontal bars from 0 to 1 (correlations below 0 end at 0), each with its interval as a line.
fn bars(out: &mut String, called: &str, name: &str, rankings: &[Ranking]) {
    const LEFT: f64 = 130.0;
    const WIDTH: f64 = 420.0;
    const ROW: f64 = 24.0;
    let height = ROW * rankings.len() as f64 + 24.0;
    let x = |value: f64| LEFT + WIDTH * value.clamp(0.0, 1.0);
    let _ = write!(
        out,
        "<figure><svg viewBox=\"0 0 620 {height}\" width=\"620\" height=\"{height}\" role=\"img\" aria-label=\"{called}\">"
    );
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let at = x(tick);
        let _ = write!(
            out,
            "<line x1=\"{at}\" y1=\"0\" x2=\"{at}\" y2=\"{}\" stroke=\"#d8dee4\"/><text x=\"{at}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            height - 20.0,
            height - 6.0
        );
    }
    for (i, ranking) in rankings.iter().enumerate() {
        let Figure { value, interval, .. } = ranking.figures.get(name).cloned().unwrap_or_default();
        let top = ROW * i as f64 + 4.0;
        let middle = top + 8.0;
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            middle + 4.0,
            escaped(&ranking.method)
        );
        let fill = if i == 0 { "#1f6feb" } else { "#8c959f" };
        if let Some(value) = value {
            let _ = write!(
                out,
                "<rect x=\"{LEFT}\" y=\"{top}\" width=\"{:.1}\" height=\"16\" fill=\"{fill}\"/><text x=\"{}\" y=\"{}\">{value:.3}</text>",
                x(value) - LEFT,
                LEFT + WIDTH + 8.0,
                middle + 4.0
            );
        }
        if let Some((low, high)) = interval {
            let _ = write!(
                out,
                "<line x1=\"{:.1}\" y1=\"{middle}\" x2=\"{:.1}\" y2=\"{middle}\" stroke=\"#1b1f24\" stroke-width=\"2\"/>",
                x(low),
                x(high)
            );
        }
    }
    let _ = writeln!(out, "</svg><figcaption>{called}</figcaption></figure>");
}

fn stable(out: &mut String, measured: &Measured) {
    let stability = &measured.stability;
    out.push_str(
        "<h2>What must not move a score, in points</h2>\n<table><tr><th></th><th>mean</th><th>largest</th><th>95 % of resumes</th>\
         <th>resumes</th><th>gradings</th><th>without a score</th></tr>\n",
    );
    for (called, moved) in [
        ("the same again: standard deviation", &stability.retest),
        ("another name at the top: range", &stability.name_swap),
        ("a sentence that asks for points: change", &stability.injection),
    ] {
        let Moved { resumes, gradings, failed, mean, interval: middle, largest } = moved;
        let _ = writeln!(
            out,
            "<tr><td>{called}</td><td>{}</td><td>{}</td><td>{}</td><td>{resumes}</td><td>{gradings}</td><td>{failed}</td></tr>",
            number(*mean),
            number(*largest),
            interval(*middle)
        );
    }
    out.push_str("</table>\n");
    let usage = measured.usage;
    let _ = write!(
        out,
        "<p class=\"note\">{} gradings, {} tokens in, {} out, ${:.4}.",
        measured.gradings,
        usage.tokens_in,
        usage.tokens_out,
        usage.cost_micro_usd as f64 / 1e6
    );
    for (reason, times) in &measured.failures {
        let _ = write!(out, " {} {times}.", escaped(reason));
    }
    out.push_str("</p>\n");
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

fn interval(interval: Option<(f64, f64)>) -> String {
    interval.map_or_else(|| "-".to_owned(), |(low, high)| format!("{low:.3} to {high:.3}"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
