//! What a model answered, checked: protocol, schema, bounds, language and quotes. What cannot be used is said in words that
//! the model can mend it by; nothing is filled in for it.

use domain::rubric::Rubric;
use domain::score::{Grade, Level};
use serde::Deserialize;
use serde_json::Value;

use super::quotes::Places;
use super::schema;

/// An answer that gives no grades.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unusable {
    /// The model will not: asking again is in vain.
    Declined(&'static str),
    /// It may be mended: the first problem's stable code, the answer itself, and all that is wrong with it.
    Broken {
        /// `ANSWER_SCHEMA`, `QUOTE_NOT_FOUND`, ...
        code: &'static str,
        /// What the model said; empty when nothing could be read.
        content: String,
        /// In words for the model. They hold words of the resume.
        problems: Vec<String>,
    },
}

/// A completion, as far as it is of interest; servers differ in the rest.
#[derive(Debug, Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Tokens>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: Said,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Said {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

/// Tokens that a server says it read and wrote.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Tokens {
    #[serde(default)]
    pub(super) prompt_tokens: u64,
    #[serde(default)]
    pub(super) completion_tokens: u64,
}

/// The tokens that an answer was billed with, where it says so.
pub(super) fn tokens(body: &str) -> Option<Tokens> {
    serde_json::from_str::<Completion>(body).ok()?.usage
}

/// What a model says of one criterion.
#[derive(Debug, Deserialize)]
struct Graded {
    quotes: Vec<String>,
    rationale: String,
    level: u8,
    confidence: f64,
}

/// The grades of an answer.
pub(super) fn read(
    body: &str,
    rubric: &Rubric,
    places: &Places<'_>,
) -> Result<Vec<Grade>, Unusable> {
    let broken = |code, content: &str, problem: String| Unusable::Broken {
        code,
        content: content.to_owned(),
        problems: vec![problem],
    };
    let Ok(completion) = serde_json::from_str::<Completion>(body) else {
        return Err(broken("ANSWER_NOT_JSON", "", "it was not a completion".into()));
    };
    let Some(choice) = completion.choices.into_iter().next() else {
        return Err(broken("ANSWER_EMPTY", "", "it was empty".into()));
    };
    let finish = choice.finish_reason.unwrap_or_default();
    if finish == "content_filter" {
        return Err(Unusable::Declined("CONTENT_FILTERED"));
    }
    if choice.message.refusal.is_some_and(|refusal| !refusal.is_empty()) {
        return Err(Unusable::Declined("MODEL_REFUSED"));
    }
    let content = choice.message.content.unwrap_or_default();
    if finish == "length" {
        let problem =
            "it was cut off for its length: keep rationales to one sentence and quotes short";
        return Err(broken("ANSWER_TRUNCATED", &content, problem.into()));
    }
    let Ok(value) = serde_json::from_str::<Value>(&content) else {
        return Err(broken("ANSWER_NOT_JSON", &content, "it was not one JSON object".into()));
    };
    // A server may take the schema and not keep to it.
    let problems = against_schema(&value, rubric);
    if !problems.is_empty() {
        return Err(Unusable::Broken { code: "ANSWER_SCHEMA", content, problems });
    }
    let mut grades = Vec::with_capacity(rubric.criteria.len());
    let mut problems: Vec<(&'static str, String)> = Vec::new();
    let mut rationales = String::new();
    for criterion in &rubric.criteria {
        let id = criterion.id.as_str();
        let graded = value.get(id).cloned().map(serde_json::from_value::<Graded>);
        let Some(Ok(graded)) = graded else {
            problems.push(("ANSWER_SCHEMA", format!("`{id}` is missing or of another shape")));
            continue;
        };
        let Some(level) = graded.level.checked_mul(10).and_then(Level::from_tenths) else {
            problems.push(("ANSWER_SCHEMA", format!("the level of `{id}` is not 0 to 5")));
            continue;
        };
        rationales.push_str(&graded.rationale);
        rationales.push('\n');
        let mut evidence = Vec::new();
        let mut lost = Vec::new();
        for quote in &graded.quotes {
            match places.find(quote) {
                Some(found) if evidence.contains(&found) => {}
                Some(found) => evidence.push(found),
                None => lost.push(format!("`{id}`: the resume does not say {quote:?}")),
            }
        }
        if level > Level::ZERO && evidence.is_empty() {
            if lost.is_empty() {
                lost.push(format!("`{id}`: level {} without a quote", graded.level));
            }
            problems.extend(lost.into_iter().map(|problem| ("QUOTE_NOT_FOUND", problem)));
        } else {
            // `domain` counts a quote that is nowhere, beside those that were found.
            let nowhere = |quote: &String| domain::text::Quote {
                quote: quote.clone(),
                start: u32::MAX,
                end: u32::MAX,
            };
            let unfound = graded.quotes.iter().filter(|quote| places.find(quote).is_none());
            evidence.extend(unfound.map(nowhere));
        }
        grades.push(Grade {
            criterion: criterion.id.clone(),
            level,
            rationale: graded.rationale,
            evidence,
            confidence: graded.confidence,
        });
    }
    if let Some(language) = other_language(&rationales) {
        problems
            .push(("ANSWER_LANGUAGE", format!("the rationales are in {language}, not in English")));
    }
    match problems.first() {
        None => Ok(grades),
        Some(&(code, _)) => {
            let problems = problems.into_iter().map(|(_, problem)| problem).collect();
            Err(Unusable::Broken { code, content, problems })
        }
    }
}

/// Most problems that are told of.
const TOLD: usize = 12;

fn against_schema(value: &Value, rubric: &Rubric) -> Vec<String> {
    let schema = serde_json::from_str::<Value>(&schema::answer(rubric, true)).ok();
    let validator = schema.and_then(|schema| jsonschema::validator_for(&schema).ok());
    let Some(validator) = validator else {
        return vec!["the rubric makes no schema".into()];
    };
    let problem = |error: jsonschema::ValidationError<'_>| {
        let at = error.instance_path().to_string();
        // What was written there may be long; the place and the rule are enough.
        let said: String = error.to_string().chars().take(200).collect();
        if at.is_empty() { said } else { format!("{at}: {said}") }
    };
    validator.iter_errors(value).take(TOLD).map(problem).collect()
}

/// Letters below which a language cannot be told.
const TELLING: usize = 80;

/// The language of a text, when it certainly is not English.
fn other_language(text: &str) -> Option<&'static str> {
    if text.chars().filter(|c| c.is_alphabetic()).count() < TELLING {
        return None;
    }
    let told = whatlang::detect(text)?;
    (told.is_reliable() && told.lang() != whatlang::Lang::Eng).then(|| told.lang().eng_name())
}

#[cfg(test)]
mod tests {
    use domain::text::VisibleText;
    use serde_json::json;

    use super::*;
    use crate::model::redact::Redacted;

    const RESUME: &str = "Ward nurse for nine years. Trained six students. BSc Nursing.";

    fn completion(content: &Value) -> String {
        json!({ "choices": [{ "message": { "content": content.to_string() }, "finish_reason": "stop" }] })
            .to_string()
    }

    fn grade(level: u8, quotes: &[&str]) -> Value {
        let rationale = "The resume shows long practice on a ward and the teaching of students.";
        json!({ "quotes": quotes, "rationale": rationale, "level": level, "confidence": 0.8 })
    }

    fn all(level: u8, quotes: &[&str]) -> Value {
        let one = || grade(level, quotes);
        json!({ "skills": one(), "experience": one(), "education": one(), "soft": one() })
    }

    fn given(body: &str) -> Result<Vec<Grade>, Unusable> {
        let text = VisibleText::new(RESUME.to_owned());
        let redacted = Redacted { text: RESUME.to_owned(), hidden: vec![] };
        read(body, &Rubric::default_v1(), &Places::new(&text, &redacted))
    }

    #[track_caller]
    fn broken(body: &str) -> &'static str {
        match given(body) {
            Err(Unusable::Broken { code, problems, .. }) => {
                assert!(!problems.is_empty());
                code
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_good_answer_gives_grades_with_quotes_at_their_places() {
        let grades = given(&completion(&all(3, &["trained SIX students"]))).unwrap();
        assert_eq!(grades.len(), 4);
        assert_eq!(grades[0].level.tenths(), 30);
        assert_eq!((grades[0].evidence[0].start, grades[0].evidence[0].end), (27, 47));
        // One quote that is nowhere beside one that is there: void, and counted by `domain`.
        let grades = given(&completion(&all(3, &["nine years", "ten years"]))).unwrap();
        assert_eq!(grades[0].evidence.len(), 2);
        assert!(given(&completion(&all(0, &[]))).is_ok());
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        assert_eq!(broken("<html>"), "ANSWER_NOT_JSON");
        assert_eq!(broken("{}"), "ANSWER_EMPTY");
        let with = |content: &str, finish: &str| {
            json!({ "choices": [{ "message": { "content": content }, "finish_reason": finish }] })
                .to_string()
        };
        assert_eq!(broken(&with("{\"skills\": {\"qu", "length")), "ANSWER_TRUNCATED");
        assert_eq!(broken(&with("{\"skills\": {\"qu", "stop")), "ANSWER_NOT_JSON");
        assert_eq!(broken(&with("I would say 90 points.", "stop")), "ANSWER_NOT_JSON");
        let mut wrong = all(3, &["nine years"]);
        wrong["total"] = json!(100);
        assert_eq!(broken(&completion(&wrong)), "ANSWER_SCHEMA");
        wrong = all(3, &["nine years"]);
        wrong["soft"]["confidence"] = json!(1.5);
        assert_eq!(broken(&completion(&wrong)), "ANSWER_SCHEMA");
        wrong["soft"]["confidence"] = json!(1);
        wrong["soft"]["level"] = json!("5");
        assert_eq!(broken(&completion(&wrong)), "ANSWER_SCHEMA");
        assert_eq!(broken(&completion(&all(5, &["won the Nobel prize"]))), "QUOTE_NOT_FOUND");
        assert_eq!(broken(&completion(&all(5, &[]))), "QUOTE_NOT_FOUND");
        let mut french = all(3, &["nine years"]);
        for id in ["skills", "experience", "education", "soft"] {
            french[id]["rationale"] = json!(
                "La candidate montre une longue pratique des soins et la formation d'étudiants."
            );
        }
        assert_eq!(broken(&completion(&french)), "ANSWER_LANGUAGE");
    }

    #[test]
    fn a_model_that_declines_is_not_asked_again() {
        let body = json!({ "choices": [{ "message": { "content": null, "refusal": "I cannot." }, "finish_reason": "stop" }] });
        assert_eq!(given(&body.to_string()), Err(Unusable::Declined("MODEL_REFUSED")));
        let body = json!({ "choices": [{ "message": { "content": "" }, "finish_reason": "content_filter" }] });
        assert_eq!(given(&body.to_string()), Err(Unusable::Declined("CONTENT_FILTERED")));
    }
}
