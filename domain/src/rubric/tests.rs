//! Given/when/then for every rule and refusal of the rubric.

use uuid::Uuid;

use super::*;
use crate::spec::given;

fn publish(rubric: Rubric) -> RubricCommand {
    RubricCommand::PublishRubric { id: RubricId(Uuid::from_u128(1)), rubric }
}

fn published() -> Vec<RubricEvent> {
    given::<RubricHistory>([]).when(publish(Rubric::default_v1())).history()
}

#[test]
fn the_default_rubric_can_be_published() {
    let then = given::<RubricHistory>([]).when(publish(Rubric::default_v1()));
    let history = then.needs("rubric:default@1", "VERSION_PUBLISHED").history();
    assert!(
        matches!(&history[0], RubricEvent::RubricPublished { sha256, .. } if sha256.len() == 64)
    );
    let weights: Vec<u8> = Rubric::default_v1().criteria.iter().map(|c| c.weight).collect();
    assert_eq!(weights, [40, 30, 15, 15]);
}

#[test]
fn a_published_version_never_changes() {
    given::<RubricHistory>(published()).when(publish(Rubric::default_v1())).changes_nothing();
    let mut other = Rubric::default_v1();
    other.criteria[0].label = "Skills".into();
    given::<RubricHistory>(published()).when(publish(other.clone())).refused("VERSION_PUBLISHED");
    other.version = 2;
    assert_eq!(given::<RubricHistory>(published()).when(publish(other)).history().len(), 2);
}

#[test]
fn a_rubric_that_cannot_be_graded_is_refused() {
    let mut rubric = Rubric::default_v1();
    rubric.criteria[0].weight = 41;
    given::<RubricHistory>([]).when(publish(rubric)).refused("WEIGHTS_NOT_100");
    let mut rubric = Rubric::default_v1();
    rubric.criteria[0].anchors.pop();
    given::<RubricHistory>([]).when(publish(rubric)).refused("ANCHOR_MISSING");
    let mut rubric = Rubric::default_v1();
    rubric.criteria[3].label = "Age and energy".into();
    given::<RubricHistory>([]).when(publish(rubric)).refused("PROTECTED_ATTRIBUTE");
    let mut rubric = Rubric::default_v1();
    rubric.criteria[3].id = "skills".into();
    given::<RubricHistory>([]).when(publish(rubric)).refused("VALIDATION");
}

#[test]
fn a_retired_version_is_not_bound_any_more() {
    let retire = RubricCommand::RetireRubric { version: 1 };
    let history = given::<RubricHistory>(published())
        .when(retire.clone())
        .emits([RubricEvent::RubricRetired { version: 1 }])
        .releases("rubric:default@1")
        .history();
    given::<RubricHistory>(history).when(retire).changes_nothing();
    given::<RubricHistory>(published())
        .when(RubricCommand::RetireRubric { version: 2 })
        .refused("NOT_FOUND");
}
