//! An event survives being a message.

use domain::actor::{Actor, ActorKind};
use domain::ids::{CandidateId, CommandId, EventId, StreamId, StreamKind};
use event_log::Recorded;
use event_log::jetstream::{Unfit, decode, encode, source, subject};
use proptest::option;
use proptest::prelude::*;
use testkit::servers::Nats;
use uuid::Uuid;

use super::support::{Own, append, event, relay_all};

fn any_event() -> impl Strategy<Value = Recorded> {
    let id = any::<u128>().prop_map(Uuid::from_u128);
    let time = (-62_135_596_800_000_000_i64..253_402_300_799_000_000)
        .prop_map(|t| chrono::DateTime::from_timestamp_micros(t).unwrap());
    let kinds = [
        ActorKind::Member,
        ActorKind::ApiKey,
        ActorKind::Candidate,
        ActorKind::Model,
        ActorKind::System,
    ];
    let actor =
        (prop::sample::select(kinds.to_vec()), any::<String>(), option::of(any::<String>()))
            .prop_map(|(kind, id, on_behalf_of)| Actor { kind, id, on_behalf_of });
    let stream = (prop::sample::select(StreamKind::ALL.to_vec()), id.clone())
        .prop_map(|(kind, id)| StreamId::new(kind, id));
    let place = (1..u64::MAX, 1..u64::MAX, stream, "[a-z_]{1,9}\\.[a-z_]{1,9}\\.v[1-9]");
    let why =
        (actor, id.clone(), option::of(id.clone()), any::<String>(), option::of(any::<String>()));
    let rest = (id.clone(), time.clone(), time, option::of(id), any::<String>());
    (place, why, rest).prop_map(|(place, why, rest)| Recorded {
        position: place.0,
        version: place.1,
        stream: place.2,
        kind: place.3,
        actor: why.0,
        command_id: CommandId(why.1),
        causation_id: why.2.map(EventId),
        correlation_id: why.3,
        traceparent: why.4,
        event_id: EventId(rest.0),
        occurred_at: rest.1,
        recorded_at: rest.2,
        key_id: rest.3.map(CandidateId),
        payload: rest.4,
    })
}

proptest! {
    #[test]
    fn an_event_survives_being_a_message(event in any_event()) {
        let source = source(Uuid::from_u128(1));
        let (headers, payload) = encode(&event, &source);
        prop_assert_eq!(decode(&headers, &payload, &source, event.position), Ok(event.clone()));
        prop_assert!(!subject(&event).contains(['*', '>', ' ']));
        for values in headers.iter().flat_map(|(_, values)| values) {
            prop_assert!(values.as_str().bytes().all(|b| b.is_ascii_graphic()));
        }
    }

    #[test]
    fn a_message_of_another_log_or_place_is_not_taken(event in any_event()) {
        let (headers, payload) = encode(&event, &source(Uuid::from_u128(1)));
        let other = decode(&headers, &payload, &source(Uuid::from_u128(2)), event.position);
        prop_assert!(matches!(other, Err(Unfit::Foreign(_))));
        let moved = decode(&headers, &payload, &source(Uuid::from_u128(1)), event.position - 1);
        prop_assert!(matches!(moved, Err(Unfit::Misplaced { .. })), "{:?}", moved);
    }
}

#[tokio::test]
async fn an_event_survives_the_way_over_the_bus() {
    let (own, nats) = (Own::new().await, Nats::start());
    let mut odd = event(&own.log);
    odd.actor =
        Actor { on_behalf_of: Some(String::new()), ..Actor::system(" Ä\r\n:\t%41 \u{1f984} ") };
    odd.correlation_id = "\"quoted\", a: b".into();
    odd.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into());
    odd.causation_id = Some(EventId(Uuid::from_u128(5)));
    odd.key_id = Some(CandidateId(Uuid::from_u128(6)));
    odd.payload = "{\"note\":\"zwölf\\n\"}".into();
    // Larger than the bus takes: it keeps its place, and readers find it in the log.
    let mut large = event(&own.log);
    large.payload = format!("{{\"note\":\"{}\"}}", "x".repeat(2_000_000));
    let stream = StreamId::new(StreamKind::Job, Uuid::from_u128(1));
    let last = event(&own.log);
    append(&own.log, stream, 0, vec![odd, large, last]).await;

    let bus = own.bus(&nats).await;
    relay_all(&mut own.relay(&bus)).await;
    let stored = bus.context().get_stream("hiresphere").await.unwrap();
    let log = own.log.store.read_all(0, 3).await.unwrap();
    for event in log {
        let message = stored.get_raw_message(event.position).await.unwrap();
        let source = source(own.identity);
        let decoded = decode(&message.headers, &message.payload, &source, event.position);
        let expected = if event.position == 2 { Err(Unfit::Omitted) } else { Ok(event) };
        assert_eq!(decoded, expected);
    }
    let mut follower = own.follow(&bus, 0).await;
    follower.reaches(3).await;
}
