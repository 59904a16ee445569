//! The ranked pool's queries: order, rank, filters, pages that go on, counts and erasure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/engine.rs"]
mod engine;
mod support;

use std::collections::BTreeMap;

use crate::engine::{Engine, Place, on_every_engine};
use domain::application::{ApplicationCommand as A, Cards, StageRef, Visibility};
use domain::candidate::{CandidateCommand as C, DuplicateSignal, Personal};
use domain::ids::{ApplicationId, DocumentId, EventId};
use domain::job::StageKind;
use domain::pii::Pii;
use domain::score::Points;
use projections::models::ranked_pool::{
    Outcome, PoolFilter, PoolKey, PoolRow, PoolSort, of_job, one, page, standing_of,
};
use projections::{Builder, Pool, ReadStore};
use support::{Applied, Told, recruiter};

on_every_engine!(
    ties_go_to_the_first_criterion_then_the_file_then_who_applied_first,
    a_pool_is_sorted_by_what_is_asked_for,
    filters_leave_out_rows_and_change_no_rank,
    a_whole_pool_is_paged_without_a_gap_or_a_double,
    a_row_has_the_version_of_its_application,
    suspicion_is_mutual_on_every_page,
    nothing_of_an_erased_person_is_left_in_the_order,
);

/// A story, and the read models of it.
struct Shown {
    told: Told,
    read: ReadStore,
    address: String,
}

impl Shown {
    async fn begin(place: &Place) -> Self {
        let told = Told::begin(place).await;
        let address = place.address().await;
        let read = place.open(&address).await;
        Self { told, read, address }
    }

    /// Everything that was told so far, to be asked.
    async fn now(&self) -> Pool {
        Builder::new(self.told.log.clone()).catch_up(&self.read, u64::MAX).await.unwrap();
        self.read.pool().await
    }

    async fn names(&self, filter: &PoolFilter, sort: PoolSort) -> Vec<String> {
        let rows = page(&self.now().await, self.told.job, filter, sort, None, 100).await.unwrap();
        rows.iter().map(shown).collect()
    }

    async fn rebuilt_is_live(&self) {
        self.now().await;
        assert!(self.read.rebuild(&self.told.log).await.unwrap().equal());
    }

    /// Another resume of a candidate, which cannot be read.
    async fn unreadable(&self, (candidate, ..): Applied) -> DocumentId {
        let document = DocumentId(self.told.log.ids.next());
        let (file, resume_digest) = (Pii::new("other.pdf".into()), document.to_string());
        let attach = C::AttachResume { document, resume_digest, bytes: 9, file };
        self.told.candidate(candidate, attach).await;
        let (reason, sniffed_type) = ("EMPTY_TEXT".into(), "application/pdf".into());
        let fail = C::RecordExtractionFailure {
            document,
            reason,
            sniffed_type,
            sandbox_without: vec![],
            flags: vec![],
        };
        self.told.candidate(candidate, fail).await;
        document
    }
}

/// `rank name`.
fn shown(row: &PoolRow) -> String {
    let rank = row.rank.map_or("-".to_owned(), |r| r.to_string());
    format!("{rank} {}", row.name.as_deref().unwrap_or("?"))
}

/// Every page of a pool, `limit` rows each; `between` happens after each page.
async fn walk(
    shown: &Shown,
    sort: PoolSort,
    limit: u32,
    mut between: impl AsyncFnMut(),
) -> Vec<PoolRow> {
    let mut all = Vec::<PoolRow>::new();
    let mut after: Option<PoolKey> = None;
    loop {
        let pool = shown.now().await;
        let filter = PoolFilter::default();
        let job = shown.told.job;
        let rows = page(&pool, job, &filter, sort, after.as_ref(), limit).await.unwrap();
        let Some(last) = rows.last() else { return all };
        assert!(rows.len() <= limit as usize);
        // As it comes back from whoever asks for the next page.
        let sent = serde_json::to_string(&last.key).unwrap();
        after = Some(serde_json::from_str(&sent).unwrap());
        all.extend(rows);
        between().await;
    }
}

async fn ties_go_to_the_first_criterion_then_the_file_then_who_applied_first(place: Place) {
    let shown = Shown::begin(&place).await;
    let told = &shown.told;
    // 32 + 12 and 20 + 24 points are 44 points.
    let (broad, deep) = ([25, 40, 0, 0], [40, 20, 0, 0]);
    for (name, levels) in [("Zoe", deep), ("Bea", broad), ("Ada", broad), ("Cyd", [45; 4])] {
        let applied = told.applies(name).await;
        told.scored_by(name, applied, levels).await;
    }
    let waits = told.applies("Waits").await;
    let fails = told.applies("Fails").await;
    let unread = shown.unreadable(fails).await;
    told.application(fails.1, A::ReplaceResume { document: unread }, recruiter()).await;
    let twin = told.applies("Ada").await;
    told.scored_by("Ada", twin, broad).await;
    let all = PoolFilter::default();
    let expected = ["1 Cyd", "2 Zoe", "3 Ada", "4 Ada", "5 Bea", "- ?", "- ?"];
    assert_eq!(shown.names(&all, PoolSort::Rank).await, expected);
    let pool = shown.now().await;
    let rows = of_job(&pool, told.job).await.unwrap();
    assert_eq!(rows[3].application, twin.1, "the same name, later");
    assert_eq!((rows[5].application, rows[5].outcome), (waits.1, Outcome::Pending));
    assert_eq!((rows[6].application, rows[6].outcome), (fails.1, Outcome::Unscorable));
    for row in &rows {
        assert_eq!(one(&pool, row.application).await.unwrap().as_ref(), Some(row));
    }
    let nobody = ApplicationId(told.log.ids.next());
    assert_eq!(one(&pool, nobody).await.unwrap(), None);
    shown.rebuilt_is_live().await;
}

async fn a_pool_is_sorted_by_what_is_asked_for(place: Place) {
    let shown = Shown::begin(&place).await;
    let told = &shown.told;
    for (name, tenths) in [("bea", 20), ("Ada", 40), ("Cyd", 30)] {
        let applied = told.applies(name).await;
        told.scored(name, applied, tenths).await;
    }
    told.applies("Nobody").await;
    let given = Personal { name: Some("Abe".into()), ..Personal::default() };
    told.applies_as("Abe", given).await;
    let all = PoolFilter::default();
    let sorted = async |sort| shown.names(&all, sort).await;
    assert_eq!(sorted(PoolSort::Rank).await, ["1 Ada", "2 Cyd", "3 bea", "- ?", "- Abe"]);
    assert_eq!(sorted(PoolSort::Submitted).await, ["3 bea", "1 Ada", "2 Cyd", "- ?", "- Abe"]);
    assert_eq!(sorted(PoolSort::Name).await, ["- Abe", "1 Ada", "3 bea", "2 Cyd", "- ?"]);
}

async fn filters_leave_out_rows_and_change_no_rank(place: Place) {
    let shown = Shown::begin(&place).await;
    let told = &shown.told;
    let mut applied = BTreeMap::new();
    for (name, tenths) in [("Ada", 40), ("Bea", 35), ("Cyd", 30), ("Dot", 10)] {
        let one = told.applies(name).await;
        told.scored(name, one, tenths).await;
        applied.insert(name, one);
    }
    // Nobody has looked at this one's resume: nothing hidden is known of it.
    let given = Personal { name: Some("Eve".into()), ..Personal::default() };
    told.applies_as("Eve", given).await;
    let to = StageRef { id: "interview".into(), kind: StageKind::Interviewing };
    let moved = A::MoveToStage { to, reason: Pii::new(None), seen: None, cards: Cards::default() };
    told.application(applied["Cyd"].1, moved, recruiter()).await;
    told.application(applied["Bea"].1, A::Shortlist { seen: None }, recruiter()).await;
    let withdraw = A::Withdraw { reason: Pii::new(None) };
    told.application(applied["Dot"].1, withdraw, recruiter()).await;
    let found = async |filter: PoolFilter| shown.names(&filter, PoolSort::Rank).await;
    let all = PoolFilter::default;
    let status = vec!["shortlisted".to_owned(), "withdrawn".to_owned()];
    assert_eq!(found(PoolFilter { status, ..all() }).await, ["2 Bea", "4 Dot"]);
    let stage = Some("interview".to_owned());
    assert_eq!(found(PoolFilter { stage, ..all() }).await, ["3 Cyd"]);
    let outcome = Some(Outcome::Pending);
    assert_eq!(found(PoolFilter { outcome, ..all() }).await, ["- Eve"]);
    let min_total = Some(Points::from_tenths(600));
    assert_eq!(found(PoolFilter { min_total, ..all() }).await, ["1 Ada", "2 Bea", "3 Cyd"]);
    assert_eq!(found(PoolFilter { flagged: Some(false), ..all() }).await, ["- Eve"]);
    assert_eq!(found(PoolFilter { flagged: Some(true), ..all() }).await.len(), 4);
    let stage = Some("interview".to_owned());
    let outcome = Some(Outcome::Pending);
    assert!(found(PoolFilter { stage, outcome, ..all() }).await.is_empty());

    let counts = standing_of(&shown.now().await, told.job).await.unwrap();
    let counts: Vec<_> = counts.iter().map(|c| (c.stage.as_str(), c.kind, &c.statuses)).collect();
    let of = |counts: &[(&str, u32)]| -> BTreeMap<String, u32> {
        counts.iter().map(|(status, n)| ((*status).to_owned(), *n)).collect()
    };
    let arrived = of(&[("shortlisted", 1), ("submitted", 2), ("withdrawn", 1)]);
    let interviewed = of(&[("interviewing", 1)]);
    assert_eq!(
        counts,
        [
            ("submitted", StageKind::Submitted, &arrived),
            ("interview", StageKind::Interviewing, &interviewed)
        ]
    );
    shown.rebuilt_is_live().await;
}

async fn a_whole_pool_is_paged_without_a_gap_or_a_double(place: Place) {
    let shown = Shown::begin(&place).await;
    let told = &shown.told;
    let mut moves = None;
    for n in 0..23_u8 {
        let name = format!("Person {}", n % 7);
        let applied = told.applies(&name).await;
        if n % 5 != 4 {
            // Several have the same total.
            told.scored(&name, applied, (n % 6) * 8).await;
        }
        if n == 12 {
            moves = Some(applied);
        }
    }
    let moves = moves.unwrap();
    let unread = shown.unreadable(moves).await;
    let whole = of_job(&shown.now().await, told.job).await.unwrap();
    let ids = |rows: &[PoolRow]| rows.iter().map(|r| r.application).collect::<Vec<_>>();
    for limit in [1, 4, 23, 50] {
        assert_eq!(walk(&shown, PoolSort::Rank, limit, async || {}).await, whole);
    }
    for sort in [PoolSort::Rank, PoolSort::Submitted, PoolSort::Name] {
        let still = walk(&shown, sort, 5, async || {}).await;
        let whole = of_job(&shown.now().await, told.job).await.unwrap();
        assert_eq!(still.len(), 23);
        for row in &still {
            let there = whole.iter().find(|w| w.application == row.application);
            assert_eq!(there, Some(row), "the same row, the same rank");
        }
        // One goes to the end of the ranks and comes back, again and again.
        let mut away = false;
        let walked = walk(&shown, sort, 2, async || {
            away = !away;
            let document = if away { unread } else { moves.2 };
            let replace = A::ReplaceResume { document };
            told.application(moves.1, replace, recruiter()).await;
        })
        .await;
        let stays = |rows: &[PoolRow]| -> Vec<ApplicationId> {
            ids(rows).into_iter().filter(|id| *id != moves.1).collect()
        };
        assert_eq!(stays(&walked), stays(&still), "whoever stays is seen once, in order");
        // As it was, for the next order.
        let replace = A::ReplaceResume { document: moves.2 };
        told.application(moves.1, replace, recruiter()).await;
    }
    shown.rebuilt_is_live().await;
}

async fn a_row_has_the_version_of_its_application(place: Place) {
    let shown = Shown::begin(&place).await;
    let told = &shown.told;
    let (candidate, application, document) = told.applies("Ada").await;
    let version = async || one(&shown.now().await, application).await.unwrap().unwrap().version;
    assert_eq!(version().await, 1);
    told.scored("Ada", (candidate, application, document), 30).await;
    assert_eq!(version().await, 3);
    told.application(application, A::Shortlist { seen: None }, recruiter()).await;
    assert_eq!(version().await, 4);
    let (note, text) = (EventId(told.log.ids.next()), Pii::new("call back".into()));
    let note = A::AddNote { note, visibility: Visibility::Team, text, mentions: vec![] };
    told.application(application, note, recruiter()).await;
    assert_eq!(version().await, 5);
    let row = one(&shown.now().await, application).await.unwrap().unwrap();
    let events = told.log.store.read_stream(application.stream(), 0).await.unwrap();
    assert_eq!(row.submitted_at, events[0].occurred_at);
    assert_eq!((row.job, row.stage.as_str(), row.shortlisted), (told.job, "submitted", true));
    let json = serde_json::to_value(&row).unwrap();
    assert_eq!((&json["rank"], &json["total"]), (&1.into(), &60.0.into()));
    assert_eq!((&json["outcome"], &json["version"]), (&"scored".into(), &5.into()));
    assert!(json.get("key").is_none());
    shown.rebuilt_is_live().await;
}

async fn suspicion_is_mutual_on_every_page(place: Place) {
    let shown = Shown::begin(&place).await;
    let told = &shown.told;
    let (first, twin, other) =
        (told.applies("Ada").await, told.applies("Bea").await, told.applies("Cyd").await);
    for later in [twin, other] {
        let signals = vec![DuplicateSignal::SameFile];
        told.candidate(later.0, C::FlagDuplicate { other: first.0, signals }).await;
    }
    let pool = shown.now().await;
    let whole = of_job(&pool, told.job).await.unwrap();
    for row in &whole {
        assert_eq!(row.duplicates.len(), 2, "each with both others");
        assert_eq!(one(&pool, row.application).await.unwrap().as_ref(), Some(row));
    }
    assert_eq!(walk(&shown, PoolSort::Rank, 1, async || {}).await, whole);
}

async fn nothing_of_an_erased_person_is_left_in_the_order(place: Place) {
    let shown = Shown::begin(&place).await;
    let told = &shown.told;
    let given = Personal { name: Some("Ada King".into()), ..Personal::default() };
    let ada = told.applies_as("Ada", given).await;
    told.scored("Ada", ada, 40).await;
    let bea = told.applies("Bea").await;
    told.scored("Bea", bea, 30).await;
    let by_name = |pool: Pool| {
        let job = told.job;
        async move {
            let all = PoolFilter::default();
            let rows = page(&pool, job, &all, PoolSort::Name, None, 9).await.unwrap();
            rows.iter().map(|r| r.application).collect::<Vec<_>>()
        }
    };
    assert_eq!(by_name(shown.now().await).await, [ada.1, bea.1]);
    told.application(ada.1, A::Withdraw { reason: Pii::new(None) }, recruiter()).await;
    event_log::erase::erase(&told.log, ada.0, recruiter()).await.unwrap();
    let pool = shown.now().await;
    assert_eq!(by_name(pool.clone()).await, [bea.1, ada.1], "the nameless last");
    let row = one(&pool, ada.1).await.unwrap().unwrap();
    assert_eq!((row.rank, row.name, row.email, row.file), (Some(1), None, None, None));
    assert_eq!(row.reason, None);
    let key = serde_json::to_string(&row.key).unwrap().to_lowercase();
    assert!(!key.contains("ada") && !key.contains("king"), "{key}");
    shown.read.forget_older_copies().await.unwrap();
    if place.engine() == Engine::Sqlite {
        let bytes = std::fs::read(&shown.address).unwrap().to_ascii_lowercase();
        for gone in ["ada king", "ada.pdf", "ada has led"] {
            assert!(!bytes.windows(gone.len()).any(|w| w == gone.as_bytes()), "{gone}");
        }
    }
    shown.rebuilt_is_live().await;
}
