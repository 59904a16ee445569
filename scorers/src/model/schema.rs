//! The schema of an answer: one entry for each criterion of the rubric, nothing else, and no number but a level.

use std::fmt::Write as _;

use domain::rubric::Rubric;
use domain::score::TOP_LEVEL;

/// Longest quote and rationale, in characters, and most quotes for one criterion.
pub(super) const QUOTE: usize = 400;
pub(super) const RATIONALE: usize = 1_000;
pub(super) const QUOTES: usize = 8;

/// The JSON Schema, as text: models write fields in its order, so evidence comes before the level that rests on it.
/// With `bounds` lengths and numbers are bounded too, which not every server takes.
pub(super) fn answer(rubric: &Rubric, bounds: bool) -> String {
    let bound = |keywords: String| if bounds { keywords } else { String::new() };
    let levels: Vec<String> = (0..=TOP_LEVEL).map(|level| level.to_string()).collect();
    let grade = format!(
        r#"{{"type":"object","additionalProperties":false,"required":["quotes","rationale","level","confidence"],"properties":{{"quotes":{{"type":"array"{},"items":{{"type":"string"{}}}}},"rationale":{{"type":"string"{}}},"level":{{"type":"integer","enum":[{}]}},"confidence":{{"type":"number"{}}}}}}}"#,
        bound(format!(r#","maxItems":{QUOTES}"#)),
        bound(format!(r#","maxLength":{QUOTE}"#)),
        bound(format!(r#","maxLength":{RATIONALE}"#)),
        levels.join(","),
        bound(r#","minimum":0,"maximum":1"#.to_owned()),
    );
    let ids: Vec<String> = rubric
        .criteria
        .iter()
        .map(|criterion| serde_json::Value::from(criterion.id.as_str()).to_string())
        .collect();
    let mut properties = String::new();
    for (i, id) in ids.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(properties, "{comma}{id}:{grade}");
    }
    format!(
        r#"{{"type":"object","additionalProperties":false,"required":[{}],"properties":{{{properties}}}}}"#,
        ids.join(",")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn it_asks_for_every_criterion_once_and_keeps_to_strict_mode() {
        let mut rubric = Rubric::default_v1();
        rubric.criteria[0].id = "a \"quoted\" id".into();
        for bounds in [false, true] {
            let text = answer(&rubric, bounds);
            let schema: Value = serde_json::from_str(&text).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let grade = json!({ "quotes": ["a"], "rationale": "b", "level": 3, "confidence": 0.5 });
            let mut all: serde_json::Map<String, Value> =
                rubric.criteria.iter().map(|c| (c.id.clone(), grade.clone())).collect();
            assert!(validator.is_valid(&Value::Object(all.clone())));
            all["soft"]["level"] = json!(6);
            assert!(!validator.is_valid(&Value::Object(all.clone())));
            all["soft"]["level"] = json!(2.5);
            assert!(!validator.is_valid(&Value::Object(all.clone())));
            all.remove("soft");
            assert!(!validator.is_valid(&Value::Object(all.clone())), "one is missing");
            all.insert("soft".into(), grade.clone());
            all.insert("total".into(), json!(100));
            assert!(!validator.is_valid(&Value::Object(all)), "no totals");
            assert_eq!(text.contains("maxLength"), bounds);
            assert!(text.find("quotes").unwrap() < text.find("level").unwrap());
        }
    }
}
