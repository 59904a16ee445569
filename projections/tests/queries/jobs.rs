//! Jobs: the whole posting, filters, order, pages, and which of them are open.

use domain::job::{JobCommand as J, JobStatus, Pay, Posting, Requirement, default_pipeline};
use projections::models::jobs::{self, JobFilter, JobSort};

use crate::engine::{Place, on_every_engine};
use crate::story::Story;

on_every_engine!(
    a_job_has_everything_its_page_says,
    jobs_are_filtered_and_sorted_page_by_page,
    open_jobs_are_those_that_take_applications_today,
);

const MANY: u32 = 50;

async fn a_job_has_everything_its_page_says(place: Place) {
    let story = Story::begin(&place).await;
    let job = story.draft("Nurse", None).await;
    let posting = Posting {
        title: "Ward Nurse".into(),
        department: Some("Medicine".into()),
        location: Some("Leeds".into()),
        remote: true,
        employment_type: Some("full_time".into()),
        pay: Some(Pay { min: 31_000, max: 37_000, currency: "GBP".into(), per: "year".into() }),
        openings: 2,
        description: "Care for patients.".into(),
        requirements: vec![Requirement { text: "Registered nurse".into(), must_have: true }],
    };
    story.job(job, J::EditJob { posting: posting.clone() }).await;
    let mut stages = default_pipeline();
    stages[1].name = "First look".into();
    story.job(job, J::DefinePipeline { stages: stages.clone() }).await;
    story.open(job, Some("2027-01-31")).await;
    let read = story.now().await;
    let row = jobs::one(&read.pool().await, job).await.unwrap().unwrap();
    assert_eq!((&row.posting, &row.pipeline), (&posting, &stages));
    assert_eq!((row.status, row.rubric.as_deref()), (JobStatus::Open, Some("default@1")));
    assert_eq!((row.ai_notice_version, row.version), (Some(3), 5));
    assert_eq!(row.position, story.head().await);
    let events = story.log.store.read_stream(job.stream(), 0).await.unwrap();
    assert_eq!(row.drafted_at, events[0].occurred_at);
    assert_eq!(row.published_at, Some(events[4].occurred_at));
    let wire = serde_json::to_value(&row).unwrap();
    assert_eq!(wire["title"], "Ward Nurse", "what it says stands beside the rest");
    assert_eq!((&wire["status"], &wire["valid_through"]), (&"open".into(), &"2027-01-31".into()));
    assert!(wire["published_at"].as_str().unwrap().ends_with('Z'));
    story.job(job, J::PauseJob {}).await;
    let read = story.now().await;
    let row = jobs::one(&read.pool().await, job).await.unwrap().unwrap();
    assert_eq!((row.status, row.version), (JobStatus::Paused, 6));
    let nobody = domain::ids::JobId(story.log.ids.next());
    assert_eq!(jobs::one(&read.pool().await, nobody).await.unwrap(), None);
}

async fn jobs_are_filtered_and_sorted_page_by_page(place: Place) {
    let story = Story::begin(&place).await;
    for (title, department) in
        [("Cook", None), ("Ärztin", Some("Medicine")), ("nurse", Some("Medicine")), ("Nurse", None)]
    {
        story.draft(title, department).await;
    }
    let read = story.now().await;
    let pool = read.pool().await;
    let all = |filter: JobFilter, sort, limit| {
        let pool = &pool;
        async move {
            let (mut titles, mut next) = (vec![], None::<String>);
            loop {
                let page = jobs::page(pool, &filter, sort, next.as_deref(), limit).await.unwrap();
                assert!(page.items.len() <= limit as usize);
                titles.extend(page.items.into_iter().map(|job| job.posting.title));
                next = page.next;
                if next.is_none() {
                    return titles;
                }
            }
        }
    };
    let any = JobFilter::default;
    for limit in [1, 2, 3, MANY] {
        let newest = all(any(), JobSort::Newest, limit).await;
        assert_eq!(newest, ["Nurse", "nurse", "Ärztin", "Cook"], "{limit}");
        let by_title = all(any(), JobSort::Title, limit).await;
        assert_eq!(by_title, ["Cook", "nurse", "Nurse", "Ärztin"], "equal titles by id, {limit}");
    }
    let department = JobFilter { department: Some("Medicine".into()), ..any() };
    assert_eq!(all(department, JobSort::Title, 1).await, ["nurse", "Ärztin"]);
    let q = JobFilter { q: Some("ÄRZ".into()), ..any() };
    assert_eq!(all(q, JobSort::Title, 1).await, ["Ärztin"], "whatever the case");
    let status = |status| JobFilter { status, ..any() };
    let open_or_draft = status(vec![JobStatus::Open, JobStatus::Draft]);
    assert_eq!(all(open_or_draft, JobSort::Title, MANY).await.len(), 4);
    assert!(all(status(vec![JobStatus::Open]), JobSort::Title, MANY).await.is_empty());
    let first = jobs::page(&pool, &any(), JobSort::Title, None, 1).await.unwrap();
    assert_eq!(first.position, story.head().await);
    let next = first.next.unwrap();
    let other = jobs::page(&pool, &any(), JobSort::Newest, Some(&next), 1).await.unwrap_err();
    assert_eq!(other.code(), "CURSOR_ELSEWHERE");
    let drafts = status(vec![JobStatus::Draft]);
    let other = jobs::page(&pool, &drafts, JobSort::Title, Some(&next), 1).await.unwrap_err();
    assert_eq!(other.code(), "CURSOR_ELSEWHERE");
    let damaged = jobs::page(&pool, &any(), JobSort::Title, Some(&next[1..]), 1).await.unwrap_err();
    assert_eq!(damaged.code(), "CURSOR_DAMAGED");
}

async fn open_jobs_are_those_that_take_applications_today(place: Place) {
    let story = Story::begin(&place).await;
    let first = story.draft("First", None).await;
    let ending = story.draft("Ending", None).await;
    let paused = story.draft("Paused", None).await;
    story.draft("Draft", None).await;
    story.open(ending, Some("2026-06-30")).await;
    story.open(paused, None).await;
    story.open(first, None).await;
    story.job(paused, J::PauseJob {}).await;
    let read = story.now().await;
    let pool = read.pool().await;
    let open = |today: &str| {
        let (pool, today) = (&pool, today.parse().unwrap());
        async move {
            let (filter, sort) = (JobFilter::default(), JobSort::Newest);
            let page = jobs::open_page(pool, &filter, sort, None, MANY, today).await.unwrap();
            assert_eq!(page.next, None);
            page.items.into_iter().map(|job| job.posting.title).collect::<Vec<_>>()
        }
    };
    assert_eq!(open("2026-06-30").await, ["First", "Ending"], "published last first");
    assert_eq!(open("2026-07-01").await, ["First"]);
    for (job, today, is_open) in
        [(ending, "2026-06-30", true), (ending, "2026-07-01", false), (paused, "2026-06-30", false)]
    {
        let found = jobs::open_one(&pool, job, today.parse().unwrap()).await.unwrap();
        assert_eq!(found.is_some(), is_open);
    }
    let (any, today) = (JobFilter::default(), "2026-06-30".parse().unwrap());
    let page = jobs::open_page(&pool, &any, JobSort::Newest, None, 1, today).await.unwrap();
    let cursor = page.next.unwrap();
    let rest = jobs::open_page(&pool, &any, JobSort::Newest, Some(&cursor), 1, today);
    assert_eq!(rest.await.unwrap().items[0].job, ending);
    let mixed = jobs::page(&pool, &any, JobSort::Newest, Some(&cursor), 1).await.unwrap_err();
    assert_eq!(mixed.code(), "CURSOR_ELSEWHERE", "another listing");
}
