//! Read models that are shared, swapped and cut off: rebuilds while others work, builders that stand by, a server
//! that is killed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/engine.rs"]
mod engine;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::application::ApplicationCommand as A;
use domain::candidate::Personal;
use domain::ids::JobId;
use domain::job::{Job, JobCommand as J, Posting};
use domain::pii::Pii;
use event_log::sql::query;
use event_log::{Envelope, Log};
use projections::models::jobs::{self, JobFilter, JobSort};
use projections::models::ranked_pool;
use projections::paging::MOST;
use projections::{Builder, ReadStore, RebuildError};
use testkit::servers::Postgres;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::engine::{Engine, Place, on_every_engine};
use crate::support::{Told, recruiter};

on_every_engine!(
    a_rebuild_goes_on_while_others_write_and_read,
    a_rebuild_is_rolled_back_and_caught_up,
    a_table_dropped_by_hand_comes_back,
    what_a_rebuild_has_mended_stays_mended,
    a_second_rebuild_is_refused,
    nothing_is_kept_of_whom_was_erased,
    a_character_that_postgresql_cannot_store_does_no_harm,
);

/// Longer than anything here takes, so that a test that hangs says where.
const PATIENCE: Duration = Duration::from_secs(60);

async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, future).await;
    done.unwrap_or_else(|_| panic!("{what} does not come"))
}

/// One event, and one job more.
async fn draft(log: &Log, title: &str) {
    let job = JobId(log.ids.next());
    let posting = Posting { title: title.into(), openings: 1, ..Posting::default() };
    let envelope = Envelope::new(job, J::DraftJob { job, posting }, recruiter());
    log.dispatcher().dispatch::<Job>(envelope).await.unwrap();
}

/// A builder at work in a process of its own, as far as the tables can tell.
struct Building {
    store: Arc<ReadStore>,
    seen: Arc<AtomicU64>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Building {
    fn start(log: &Log, store: ReadStore) -> Self {
        let (store, seen) = (Arc::new(store), Arc::new(AtomicU64::new(0)));
        let (stop, stopped) = watch::channel(false);
        let (builder, reads, counts) = (Builder::new(log.clone()), store.clone(), seen.clone());
        let task = tokio::spawn(async move {
            let count = |_: &_| {
                counts.fetch_add(1, Ordering::SeqCst);
            };
            builder.run(&reads, stopped, count).await.unwrap();
        });
        Self { store, seen, stop, task }
    }

    async fn end(self) -> Arc<ReadStore> {
        self.stop.send(true).unwrap();
        in_time("the builder's end", self.task).await.unwrap();
        self.store
    }
}

/// The digest of a log, folded at once.
async fn folded(log: &Log) -> String {
    let fold = ReadStore::in_memory().await.unwrap();
    Builder::new(log.clone()).catch_up(&fold, u64::MAX).await.unwrap();
    fold.digest().await.unwrap()
}

async fn a_rebuild_goes_on_while_others_write_and_read(place: Place) {
    let told = Told::begin(&place).await;
    let ada = told.applies("Ada").await;
    told.scored("Ada", ada, 30).await;
    let before = told.log.store.head().await.unwrap();
    let building = Building::start(&told.log, place.store().await);
    let store = building.store.clone();
    let (written, done) = (watch::Sender::new(false), watch::Sender::new(false));
    let (log, ended) = (told.log.clone(), written.subscribe());
    let writing = tokio::spawn(async move {
        while !*ended.borrow() {
            draft(&log, "Job").await;
        }
    });
    let (reads, ended) = (store.clone(), done.subscribe());
    let reading = tokio::spawn(async move {
        let mut last = 0;
        while !*ended.borrow() {
            let filter = JobFilter { q: Some("job".into()), ..JobFilter::default() };
            let pool = reads.pool().await;
            let page = jobs::page(&pool, &filter, JobSort::Newest, None, MOST).await;
            let page = match page {
                // A file was swapped just now.
                Err(error) if error.code() == "DATABASE_UNAVAILABLE" => continue,
                page => page.unwrap(),
            };
            assert!(page.position >= last, "{} after {last}", page.position);
            last = page.position;
            let there = page.items.len() as u64;
            let told = page.position.saturating_sub(before);
            assert_eq!(there, told.min(MOST.into()), "as of one moment");
            tokio::task::yield_now().await;
        }
        last
    });
    for _ in 0..4 {
        let rebuilt = in_time("a rebuild", store.rebuild(&told.log)).await.unwrap();
        assert!(rebuilt.equal(), "{rebuilt:?}");
    }
    written.send_replace(true);
    in_time("the writer", writing).await.unwrap();
    let head = told.log.store.head().await.unwrap();
    in_time("the last event", store.wait_for(head)).await;
    done.send_replace(true);
    in_time("the reader", reading).await.unwrap();
    building.end().await;
    assert_eq!(store.checkpoint().await.unwrap(), head);
    assert_eq!(store.digest().await.unwrap(), folded(&told.log).await);
}

async fn a_rebuild_is_rolled_back_and_caught_up(place: Place) {
    let told = Told::begin(&place).await;
    let address = place.address().await;
    let store = place.open(&address).await;
    let error = store.roll_back().await.unwrap_err();
    assert_eq!(error.code(), "NO_PREVIOUS");
    let builder = Builder::new(told.log.clone());
    builder.catch_up(&store, u64::MAX).await.unwrap();
    let left_at = store.checkpoint().await.unwrap();
    let mark = query("UPDATE jobs SET department = 'forged'");
    mark.execute(&store.pool().await).await.unwrap();
    assert!(!store.rebuild(&told.log).await.unwrap().equal());
    draft(&told.log, "Cook").await;
    builder.catch_up(&store, u64::MAX).await.unwrap();
    let good = store.digest().await.unwrap();
    store.roll_back().await.unwrap();
    assert_eq!(store.checkpoint().await.unwrap(), left_at);
    assert_eq!(*store.watch().borrow(), left_at);
    // A builder at work notices by itself, without any event.
    let building = Building::start(&told.log, store);
    let store = building.store.clone();
    let head = told.log.store.head().await.unwrap();
    in_time("what came since", store.wait_for(head)).await;
    let job = jobs::one(&store.pool().await, told.job).await.unwrap().unwrap();
    assert_eq!(job.posting.department, None, "what is shown is the posting");
    assert_ne!(store.digest().await.unwrap(), good, "these are the forged ones");
    store.roll_back().await.unwrap();
    in_time("what came since", store.wait_for(head)).await;
    assert_eq!(store.digest().await.unwrap(), good, "and these the rebuilt ones");
    assert_eq!(building.seen.load(Ordering::SeqCst), 1, "only what was missing is folded");
    building.end().await;
    drop(store);
    let opened = place.open(&address).await;
    assert_eq!(opened.digest().await.unwrap(), good, "also for those who come later");
}

async fn a_table_dropped_by_hand_comes_back(place: Place) {
    let told = Told::begin(&place).await;
    let ada = told.applies("Ada").await;
    told.scored("Ada", ada, 30).await;
    let store = place.store().await;
    Builder::new(told.log.clone()).catch_up(&store, u64::MAX).await.unwrap();
    let good = store.digest().await.unwrap();
    for table in ["pool", "checkpoint"] {
        let dropped = format!("DROP TABLE {table}");
        query(&dropped).execute(&store.pool().await).await.unwrap();
        let rebuilt = store.rebuild(&told.log).await.unwrap();
        assert_eq!((rebuilt.before, rebuilt.after.as_str()), (None, good.as_str()), "{table}");
        assert_eq!(store.digest().await.unwrap(), good);
        assert_eq!(told.pool(&store).await.len(), 1);
    }
}

async fn what_a_rebuild_has_mended_stays_mended(place: Place) {
    let told = Told::begin(&place).await;
    let ada = told.applies("Ada").await;
    let store = place.store().await;
    Builder::new(told.log.clone()).catch_up(&store, u64::MAX).await.unwrap();
    let forged = query("UPDATE pool SET ai_opt_out = 1");
    assert_eq!(forged.execute(&store.pool().await).await.unwrap(), 1);
    let building = Building::start(&told.log, store);
    let store = building.store.clone();
    // The builder at work reads the forged row, and keeps it for what comes next.
    told.scored("Ada", ada, 30).await;
    in_time("a score", store.wait_for(told.log.store.head().await.unwrap())).await;
    let rebuilt = store.rebuild(&told.log).await.unwrap();
    assert!(!rebuilt.equal(), "{rebuilt:?}");
    let withdraw = A::Withdraw { reason: Pii::new(None) };
    told.application(ada.1, withdraw, recruiter()).await;
    in_time("what came after", store.wait_for(told.log.store.head().await.unwrap())).await;
    building.end().await;
    assert_eq!(store.digest().await.unwrap(), folded(&told.log).await);
}

async fn a_second_rebuild_is_refused(place: Place) {
    let told = Told::begin(&place).await;
    let address = place.address().await;
    let store = place.open(&address).await;
    Builder::new(told.log.clone()).catch_up(&store, u64::MAX).await.unwrap();
    let other = match place.engine() {
        // A file has one process.
        Engine::Sqlite => None,
        Engine::Postgres => Some(place.open(&address).await),
    };
    let other = other.as_ref().unwrap_or(&store);
    let refused = |result: &Result<_, RebuildError>| {
        result.as_ref().is_err_and(|error| error.code() == "REBUILD_UNDER_WAY")
    };
    let (one, two) = tokio::join!(store.rebuild(&told.log), other.rebuild(&told.log));
    assert!(refused(&one) != refused(&two), "{one:?} {two:?}");
    assert!(other.rebuild(&told.log).await.unwrap().equal(), "and not for ever");
}

async fn nothing_is_kept_of_whom_was_erased(place: Place) {
    let told = Told::begin(&place).await;
    let ada = told.applies("Ada").await;
    told.scored("Ada", ada, 30).await;
    let withdraw =
        domain::application::ApplicationCommand::Withdraw { reason: domain::pii::Pii::new(None) };
    told.application(ada.1, withdraw, recruiter()).await;
    let store = place.store().await;
    let builder = Builder::new(told.log.clone());
    builder.catch_up(&store, u64::MAX).await.unwrap();
    store.rebuild(&told.log).await.unwrap();
    if place.engine() == Engine::Postgres {
        let older = "CREATE SCHEMA hiresphere_read_3";
        query(older).execute(&store.pool().await).await.unwrap();
    }
    event_log::erase::erase(&told.log, ada.0, recruiter()).await.unwrap();
    builder.catch_up(&store, u64::MAX).await.unwrap();
    store.forget_older_copies().await.unwrap();
    assert_eq!(store.roll_back().await.unwrap_err().code(), "NO_PREVIOUS");
    if place.engine() == Engine::Postgres {
        let sql = "SELECT nspname::TEXT FROM pg_namespace WHERE nspname LIKE 'hiresphere%'";
        let kept = query(sql).fetch_all(&store.pool().await).await.unwrap();
        assert_eq!(kept.len(), 1, "neither what was replaced nor another format");
    }
    assert_eq!(told.pool(&store).await[0].name, None);
    assert!(store.rebuild(&told.log).await.unwrap().equal());
}

async fn a_character_that_postgresql_cannot_store_does_no_harm(place: Place) {
    let told = Told::begin(&place).await;
    let odd = "A\0da \\u0000 \u{1}\u{fffd}";
    let personal =
        Personal { name: Some(odd.into()), links: vec![odd.into()], ..Personal::default() };
    let ada = told.applies_as(odd, personal).await;
    told.scored(odd, ada, 30).await;
    draft(&told.log, odd).await;
    let store = place.store().await;
    Builder::new(told.log.clone()).catch_up(&store, u64::MAX).await.unwrap();
    let pool = store.pool().await;
    let shown = "A\u{fffd}da \\u0000 \u{1}\u{fffd}";
    let rows = told.pool(&store).await;
    assert_eq!(rows[0].name.as_deref(), Some(shown));
    // Ranks and suspicions are asked for with what rows hold.
    let one = ranked_pool::one(&pool, ada.1).await.unwrap().unwrap();
    assert_eq!((one.rank, one.file.as_deref()), (Some(1), Some(&*format!("{shown}.pdf"))));
    let filter = JobFilter { q: Some(odd.into()), ..JobFilter::default() };
    let found = jobs::page(&pool, &filter, JobSort::Title, None, 9).await.unwrap();
    assert_eq!(found.items[0].posting.title, shown);
    let status = vec!["\0".to_owned()];
    let filter = ranked_pool::PoolFilter { status, ..ranked_pool::PoolFilter::default() };
    let sort = ranked_pool::PoolSort::Rank;
    assert!(ranked_pool::page(&pool, told.job, &filter, sort, None, 9).await.unwrap().is_empty());
    assert_eq!(store.digest().await.unwrap(), folded(&told.log).await);
}

#[tokio::test]
async fn several_connect_at_once_to_an_empty_database() {
    let place = Place::on(Engine::Postgres);
    let address = place.address().await;
    let opening = (0..6).map(|_| place.open(&address));
    for store in futures::future::join_all(opening).await {
        assert_eq!(store.checkpoint().await.unwrap(), 0);
    }
}

/// Resolves when so many were counted: an event is told of a moment after it is committed.
async fn at_least(seen: &AtomicU64, count: u64) {
    while seen.load(Ordering::SeqCst) < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_builds_and_another_takes_over() {
    let place = Place::on(Engine::Postgres);
    let told = Told::begin(&place).await;
    let address = place.address().await;
    let reader = place.open(&address).await;
    let at_work = Building::start(&told.log, place.open(&address).await);
    let head = told.log.store.head().await.unwrap();
    in_time("the first events", reader.wait_for(head)).await;
    let standing_by = Building::start(&told.log, place.open(&address).await);
    for n in 0..20 {
        draft(&told.log, &format!("Job {n}")).await;
    }
    let head = told.log.store.head().await.unwrap();
    in_time("events in another process", standing_by.store.wait_for(head)).await;
    in_time("events in a third one", reader.wait_for(head)).await;
    in_time("what it was told of", at_least(&at_work.seen, head)).await;
    assert_eq!(standing_by.seen.load(Ordering::SeqCst), 0, "nothing is done twice");
    // It dies without a word.
    at_work.task.abort();
    draft(&told.log, "After").await;
    in_time("the one that took over", reader.wait_for(head + 1)).await;
    in_time("what it was told of", at_least(&standing_by.seen, 1)).await;
    assert_eq!(standing_by.seen.load(Ordering::SeqCst), 1, "that and nothing else");
    standing_by.end().await;
    assert_eq!(reader.digest().await.unwrap(), folded(&told.log).await);
}

#[tokio::test]
async fn two_that_fold_at_once_fold_everything_once() {
    let place = Place::on(Engine::Postgres);
    let told = Told::begin(&place).await;
    for n in 0..100 {
        draft(&told.log, &format!("Job {n}")).await;
    }
    let address = place.address().await;
    let (one, two) = (place.open(&address).await, place.open(&address).await);
    let head = told.log.store.head().await.unwrap();
    let builder = Builder::new(told.log.clone());
    let step_by_step = async |store: &ReadStore| {
        let mut folded = 0;
        for to in (0..=head).step_by(3).chain([head]) {
            folded += builder.catch_up(store, to).await.unwrap();
        }
        folded
    };
    let (first, second) = tokio::join!(step_by_step(&one), step_by_step(&two));
    assert_eq!(first + second, head, "{first} and {second}");
    assert_eq!(one.digest().await.unwrap(), folded(&told.log).await);
}

#[tokio::test]
async fn everything_goes_on_after_the_server_was_killed() {
    let mut server = Postgres::start();
    let url = server.database().await;
    let place = Place::on(Engine::Postgres);
    let told = Told::begin(&place).await;
    let reader = ReadStore::connect(&url).await.unwrap();
    let building = Building::start(&told.log, ReadStore::connect(&url).await.unwrap());
    for round in 0..3 {
        draft(&told.log, &format!("Before {round}")).await;
        let head = told.log.store.head().await.unwrap();
        in_time("an event", reader.wait_for(head)).await;
        server.kill();
        draft(&told.log, &format!("Meanwhile {round}")).await;
        let error = reader.checkpoint().await.unwrap_err();
        assert_eq!(error.code(), "DATABASE_UNAVAILABLE", "{error}");
        server.restart();
        in_time("an event of meanwhile", reader.wait_for(head + 1)).await;
        let asked = jobs::one(&reader.pool().await, told.job).await.unwrap();
        assert!(asked.is_some(), "queries go on");
    }
    assert!(reader.rebuild(&told.log).await.unwrap().equal());
    let store = building.end().await;
    assert_eq!(store.digest().await.unwrap(), folded(&told.log).await);
}
