//! Clocks that are wrong: order, density and who may write do not go by what a process takes for the time.

use chrono::Duration;
use domain::ids::EventId;
use event_log::ports::Append;
use testkit::history::{Expected, Trail};
use uuid::{Timestamp, Uuid};

use super::shared::{Shared, stream};
use super::support::{event, soon};

/// Seconds by which the clocks of those who write are off, each one jumping on from the first to the second half way.
const OFF: [(i64, i64); 5] =
    [(0, 0), (3_600, -3_600), (-3_600, 3_600), (-1_700_000_000, 0), (86_400 * 365, 1)];

/// An event as a process with such a clock makes it: its id, which begins with the time, included.
fn event_off_by(shared: &Shared, seconds: i64) -> event_log::NewEvent {
    let mut event = event(&shared.log);
    event.occurred_at += Duration::seconds(seconds);
    let at = event.occurred_at;
    let since = u64::try_from(at.timestamp().max(0)).unwrap();
    let at = Timestamp::from_unix(uuid::NoContext, since, at.timestamp_subsec_nanos());
    event.event_id = EventId(Uuid::new_v7(at));
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_whose_clocks_are_off_and_jump_change_no_order() {
    let shared = Shared::new(std::time::Duration::from_secs(30)).await;
    let each = 40;
    let writing = (1_u128..).zip(OFF).map(|(n, (first, second))| {
        let shared = &shared;
        async move {
            let mut trail = Trail::default();
            for version in 0..each {
                let off = if version < each / 2 { first } else { second };
                let event = event_off_by(shared, off);
                trail.add(event.event_id.0.as_u128());
                let (stream, expected_version) = (stream(n), version);
                let (events, reservations) = (vec![event], vec![]);
                let append =
                    Append { stream, expected_version, events, reservations, idempotency: None };
                shared.log.store.append(append).await.unwrap();
            }
            (stream(n), trail)
        }
    });
    let mut expected = Expected::default();
    for (stream, trail) in futures::future::join_all(writing).await {
        expected.stream(stream.to_string(), trail);
    }
    let all = each * OFF.len() as u64;
    soon("positions", || async { shared.log.store.head().await.unwrap() == all }).await;
    shared.bus_reaches(all).await;
    let report = expected.check(shared.url(), Some(&shared.nats.url())).await;
    assert_eq!(report.events, all);
    report.is_clean();
    // What the log says of when it took an event is by the database's clock, one for all.
    let late = "SELECT count(*) FROM hiresphere.events WHERE recorded_at NOT BETWEEN now() - interval \
                '10 minutes' AND now()";
    let late: i64 = sqlx::query_scalar(late).fetch_one(shared.postgres.pool()).await.unwrap();
    assert_eq!(late, 0);
}
