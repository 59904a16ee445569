//! Faces answer each request in a task of its own: every query can be moved to another thread.

use domain::ids::{ApplicationId, CandidateId, DocumentId, JobId};
use projections::models::candidates::{self, CandidateFilter};
use projections::models::jobs::{self, JobFilter, JobSort};
use projections::models::{rubrics, timeline};
use projections::{AsOf, replay};

use crate::engine::{Place, on_every_engine};
use crate::story::Story;

on_every_engine!(every_query_runs_in_a_task,);

async fn in_a_task<T: Send + 'static>(query: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(query).await.unwrap()
}

async fn every_query_runs_in_a_task(place: Place) {
    let story = Story::begin(&place).await;
    let (pool, log) = (story.now().await.pool().await, story.log.clone());
    let nobody = log.ids.next();
    let (application, candidate) = (ApplicationId(nobody), CandidateId(nobody));
    let today = "2026-01-01".parse().unwrap();
    in_a_task(async move {
        let (filter, sort) = (JobFilter::default(), JobSort::Newest);
        assert!(jobs::page(&pool, &filter, sort, None, 1).await.unwrap().items.is_empty());
        let open = jobs::open_page(&pool, &filter, sort, None, 1, today).await.unwrap();
        assert!(open.items.is_empty());
        assert!(jobs::one(&pool, JobId(nobody)).await.unwrap().is_none());
        assert!(jobs::open_one(&pool, JobId(nobody), today).await.unwrap().is_none());
        let filter = CandidateFilter::default();
        assert!(candidates::page(&pool, &filter, None, 1).await.unwrap().items.is_empty());
        assert!(candidates::one(&pool, candidate).await.unwrap().is_none());
        let document = DocumentId(nobody);
        assert!(candidates::profile(&pool, candidate, document).await.unwrap().is_none());
        let page = timeline::of_application(&pool, application, 0, 1).await.unwrap();
        assert!(page.items.is_empty());
        let page = timeline::of_application_for(&pool, application, "mary", 0, 1).await.unwrap();
        assert!(page.items.is_empty());
        let page = timeline::for_applicant(&pool, application, 0, 1).await.unwrap();
        assert!(page.items.is_empty());
        assert_eq!(rubrics::list(&pool).await.unwrap().len(), 1);
        assert!(rubrics::one(&pool, "default", 1).await.unwrap().is_some());
        assert!(rubrics::releases(&pool).await.unwrap().is_empty());
    })
    .await;
    let refused = in_a_task(async move {
        let as_of = AsOf::new(log.clone());
        replay::decision(&log, &as_of, application, 1).await.unwrap_err()
    })
    .await;
    assert_eq!(refused.code(), "NO_SUCH_APPLICATION");
}
