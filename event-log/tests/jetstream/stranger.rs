//! A stranger's long transactions: one that looks at the log and writes something of its own, and one that appends and
//! does not commit. Everybody else goes on; what is committed late is neither lost nor out of order.
//!
//! By hand, for a minute: `HIRESPHERE_STRANGER_SECONDS=60 scripts/servers.sh cargo nextest run
//! -p hiresphere-event-log --test jetstream --no-capture stranger`

use std::time::{Duration, Instant};

use sqlx::{Connection as _, Executor as _, PgConnection};
use testkit::history::{Expected, Trail};
use uuid::Uuid;

use super::shared::{Notes, Shared, stream};
use super::support::size;

const STREAMS: u128 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strangers_open_transactions_hold_nobody_up() {
    let open_for = Duration::from_secs(size("HIRESPHERE_STRANGER_SECONDS", 0));
    let shared = Shared::new(Duration::from_secs(30)).await;
    let notes = Notes::new();
    let _workers = [shared.worker(&notes, 4).await, shared.worker(&notes, 4).await];
    let head = shared.fill(STREAMS, 1).await;
    shared.checkpoint(head).await;

    let mut looks = PgConnection::connect(shared.url()).await.unwrap();
    looks.execute("CREATE TABLE public.strangers (n bigint)").await.unwrap();
    let mut looking = looks.begin().await.unwrap();
    looking.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    let tables =
        "SELECT count(*) FROM hiresphere.events, hiresphere.unsequenced, hiresphere.positions";
    looking.execute(tables).await.unwrap();
    looking.execute("INSERT INTO public.strangers VALUES (1)").await.unwrap();

    let mut appends = PgConnection::connect(shared.url()).await.unwrap();
    let mut appending = appends.begin().await.unwrap();
    let (late, id) = (stream(99), Uuid::now_v7());
    sqlx::query(
        "SELECT hiresphere.append('job', $1, 0, ARRAY['job.paused.v1'], ARRAY['1'], ARRAY[$2], ARRAY['{}'], \
         ARRAY[$3], NULL, NULL, NULL) FROM set_config('search_path', 'hiresphere', true)",
    )
    .bind(late.id.to_string())
    .bind(id)
    .bind(format!(
        r#"{{"event_id":"{id}","occurred_at":"2026-01-01T00:00:00Z","actor":{{"kind":"system","id":"t"}},
        "command_id":"{id}","correlation_id":"t"}}"#
    ))
    .execute(&mut *appending)
    .await
    .unwrap();

    // Written, numbered, published and handled, all of it while both are open.
    let (since, mut rounds) = (Instant::now(), 1);
    let mut longest = Duration::ZERO;
    while rounds < 11 || since.elapsed() < open_for {
        let round = Instant::now();
        let head = shared.fill(STREAMS, 1).await;
        shared.checkpoint(head).await;
        longest = longest.max(round.elapsed());
        rounds += 1;
    }
    let head = rounds * u64::try_from(STREAMS).unwrap();
    shared.bus_reaches(head).await;
    assert_eq!(shared.log.store.head().await.unwrap(), head, "what is not committed has no place");
    println!(
        "open for {:.1} s: {rounds} rounds of {STREAMS} written and handled, the longest in {longest:?}",
        since.elapsed().as_secs_f64()
    );
    notes.complete(STREAMS, rounds);

    appending.commit().await.unwrap();
    shared.checkpoint(head + 1).await;
    assert_eq!(notes.of(late), [1]);
    assert_eq!(shared.log.store.read_stream(late, 0).await.unwrap()[0].position, head + 1);
    looking.commit().await.unwrap();
    shared.bus_reaches(head + 1).await;
    let mut expected = Expected::default();
    let mut trail = Trail::default();
    trail.add(id.as_u128());
    expected.stream(late.to_string(), trail);
    for n in 1..=STREAMS {
        expected.at_least(stream(n).to_string(), rounds);
    }
    expected.check(shared.url(), Some(&shared.nats.url())).await.is_clean();
}
