//! Job texts of the shapes that people and files give.

use super::*;

fn lines(job: &JobText, must_have: bool) -> Vec<&str> {
    job.requirements.iter().filter(|r| r.must_have == must_have).map(|r| r.text.as_str()).collect()
}

#[test]
fn required_and_preferred_are_told_apart() {
    let job = parse(
        "# Data Engineer\n\nYou will build pipelines for the bank.\n\n## Requirements\n- Python and SQL\n- 3+ years with data\n  warehouses\n- Spark is a plus\n\n## Nice to have\n* Kafka\n\n## Benefits\n- Free fruit\n",
    )
    .unwrap();
    assert_eq!(job.title, "Data Engineer");
    assert_eq!(job.description, "You will build pipelines for the bank.");
    assert_eq!(lines(&job, true), ["Python and SQL", "3+ years with data warehouses"]);
    assert_eq!(lines(&job, false), ["Spark is a plus", "Kafka"]);
    assert!(!job.from_description);
}

#[test]
fn bullets_that_extraction_left_alone_are_joined_with_their_words() {
    let job = parse("Machine Learning\nWhat you’ll do\nBuild models.\n\nMust have\n●\n\nDeep learning frameworks such as Keras and application of Neural\nNetworks\n\n●\n\nSQL\n\nConsidered as a plus\n● OCR\n\nYour job type\nFull time").unwrap();
    assert_eq!(
        lines(&job, true),
        ["Deep learning frameworks such as Keras and application of Neural Networks", "SQL"]
    );
    assert_eq!(lines(&job, false), ["OCR"]);
}

#[test]
fn a_named_list_on_one_line_is_split() {
    let job = parse("Chefs\n\nPlan menus and cook.\n\nTechnology skills: Microsoft Excel; Google Sheets; Point of sale software").unwrap();
    assert_eq!(lines(&job, true), ["Microsoft Excel", "Google Sheets", "Point of sale software"]);
}

#[test]
fn a_description_alone_is_enough_and_nothing_is_not() {
    let job = parse("Secretary\n\nKeep the diary. Answer the phone politely.").unwrap();
    assert!(job.from_description);
    assert_eq!(lines(&job, true), ["Keep the diary.", "Answer the phone politely."]);
    for (text, code) in [
        ("", "JOB_EMPTY"),
        (" \n# \n", "JOB_EMPTY"),
        ("Data Engineer", "JOB_WITHOUT_REQUIREMENTS"),
        ("{\"title\": 3}", "JOB_UNREADABLE"),
        ("{\"title\": \"\"}", "JOB_EMPTY"),
        ("{\"title\": \"Cook\"}", "JOB_WITHOUT_REQUIREMENTS"),
        ("{oops", "JOB_UNREADABLE"),
    ] {
        assert_eq!(parse(text).unwrap_err().code(), code, "{text}");
    }
}

#[test]
fn json_takes_lines_and_objects() {
    let job = parse(r#"{"title":"Cook","requirements":["Cooking","French is a plus",{"text":"Baking","must_have":false}]}"#).unwrap();
    assert_eq!(lines(&job, true), ["Cooking"]);
    assert_eq!(lines(&job, false), ["French is a plus", "Baking"]);
}
