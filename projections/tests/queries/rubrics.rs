//! Rubrics and model releases.

use domain::model_release::Release;
use domain::rubric::{Rubric, RubricCommand};
use projections::models::rubrics;

use crate::engine::{Place, on_every_engine};
use crate::story::Story;

on_every_engine!(published_rubrics_and_releases_are_listed,);

async fn published_rubrics_and_releases_are_listed(place: Place) {
    let story = Story::begin(&place).await;
    let ward = story.rubric(Rubric { name: "ward".into(), ..Rubric::default_v1() }).await;
    let second = Rubric { name: "ward".into(), version: 2, ..Rubric::default_v1() };
    story.rubric_order(ward, RubricCommand::PublishRubric { id: ward, rubric: second }).await;
    story.rubric_order(ward, RubricCommand::RetireRubric { version: 1 }).await;
    let params = [("seed".to_owned(), "7".to_owned())].into();
    let release = Release {
        name: "baseline".into(),
        version: "1".into(),
        provider: "local".into(),
        model: "baseline".into(),
        params,
        ..Release::default()
    };
    story.release(release.clone()).await;
    let read = story.now().await;
    let pool = read.pool().await;
    let rows = rubrics::list(&pool).await.unwrap();
    let listed: Vec<_> = rows.iter().map(|r| (r.label.as_str(), r.retired_at.is_some())).collect();
    assert_eq!(listed, [("default@1", false), ("ward@2", false), ("ward@1", true)]);
    assert_eq!(rows[0].criteria, Rubric::default_v1().criteria, "weights and anchors");
    assert_eq!(rows[1].rubric, ward);
    let one = rubrics::one(&pool, "ward", 1).await.unwrap();
    assert_eq!(one.as_ref(), Some(&rows[2]));
    assert_eq!(rubrics::one(&pool, "ward", 3).await.unwrap(), None);
    let releases = rubrics::releases(&pool).await.unwrap();
    assert_eq!((releases[0].label.as_str(), releases.len()), ("baseline@1", 1));
    assert_eq!(releases[0].params, release.params);
}
