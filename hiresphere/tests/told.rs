//! What the roles of the distributed engine tell of themselves, each a process of its own on a real PostgreSQL and a
//! real bus: one trace through all of them, and the numbers that operators watch.
//!
//! `scripts/servers.sh cargo nextest run -p hiresphere --test told`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod load;
mod roles;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use event_log::jetstream::{JetStream, Options, STREAM};
use event_log::ports::EventStore as _;
use event_log::postgres::PostgresLog;
use load::Asker;
use load::people::Person;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message as _;
use roles::{Role, Servers};
use serde_json::{Value, json};
use testkit::servers::Database;

/// How long anything here may take to become so.
const PATIENCE: Duration = Duration::from_secs(60);
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Asks until there is an answer.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(now) => assert!(Instant::now() < end, "{what} did not come to be: {now}"),
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// A span, and the service that told of it.
struct Told {
    service: String,
    span: Span,
}

fn take(told: &mut Vec<Told>, of: ResourceSpans) {
    let named = of.resource.unwrap_or_default().attributes;
    let named = named.into_iter().find(|a| a.key == "service.name").and_then(|a| a.value?.value);
    let Some(Any::StringValue(service)) = named else { panic!("{named:?} is no service") };
    let service = service.strip_prefix("hiresphere-").expect("a role").to_owned();
    let spans = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
    told.extend(spans.map(|span| Told { service: service.clone(), span }));
}

/// A stand-in for a collector; answers its address.
async fn collector() -> (String, Arc<Mutex<Vec<Told>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hear = async |State(told): State<Arc<Mutex<Vec<Told>>>>, body: Bytes| {
        let request = ExportTraceServiceRequest::decode(body).expect("OTLP");
        let mut told = told.lock().expect("a lock");
        request.resource_spans.into_iter().for_each(|of| take(&mut told, of));
    };
    let router = Router::new().route("/v1/traces", post(hear)).with_state(told.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), told)
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_goes_from_a_request_over_the_bus_to_the_scorers_and_the_read_models() {
    let (endpoint, told) = collector().await;
    let database = Database::make().await;
    let mut servers = Servers::at(database.url().to_owned()).await;
    servers.set("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint);
    let mut roles = Vec::new();
    for role in ["sequencer", "relay", "projections", "scorers", "api"] {
        roles.push(servers.up(role).await);
    }
    let api = roles[4].asker(servers.token().await);
    let job = api.open_job().await;
    let person = Person::nth(0);
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let (status, answer) = api
        .ask(|http, url| {
            let request = http.post(format!("{url}/v1/jobs/{job}/applications"));
            request.header("traceparent", &parent).multipart(person.form())
        })
        .await;
    assert_eq!(status.as_u16(), 202, "{answer}");
    let application = format!("/v1/applications/{}", answer["id"].as_str().expect("an id"));
    until("a score", async || match api.get(&application).await {
        (_, found) if found["outcome"] == "scored" => Ok(()),
        (status, found) => Err(format!("{status} {found}")),
    })
    .await;
    on_the_bus(&servers).await;
    // What was not told yet is told at the end.
    for role in roles {
        role.end().await;
    }

    let told = std::mem::take(&mut *told.lock().expect("a lock"));
    let mine: Vec<&Told> = told.iter().filter(|t| hex(&t.span.trace_id) == TRACE).collect();
    let by_id: BTreeMap<&[u8], &Told> =
        mine.iter().map(|told| (&told.span.span_id[..], *told)).collect();
    let one = |service: &str, name: &str| {
        let found = mine.iter().find(|t| t.service == service && t.span.name == name);
        *found.unwrap_or_else(|| {
            let all: Vec<_> = mine.iter().map(|t| (&t.service, &t.span.name)).collect();
            panic!("no {name} of {service} in {all:#?}")
        })
    };
    // From the last that was done back to the caller, over three processes.
    let mut way = vec![one("projections", "projections application.score_recorded.v1")];
    while let Some(before) = by_id.get(&way[way.len() - 1].span.parent_span_id[..]) {
        way.push(before);
    }
    let way: Vec<_> =
        way.iter().rev().map(|told| (told.service.as_str(), told.span.name.as_str())).collect();
    assert_eq!(way[0], ("api", "POST /v1/jobs/{job}/applications"));
    for step in [
        ("scorers", "grader-baseline-v1 application.score_requested.v1"),
        ("scorers", "RecordScore"),
        ("projections", "projections application.score_recorded.v1"),
    ] {
        assert!(way.contains(&step), "{step:?} in {way:#?}");
    }
    let first = one("api", "POST /v1/jobs/{job}/applications");
    assert_eq!(hex(&first.span.parent_span_id), CALLER);
    one("scorers", "scorers candidate.resume_received.v1");
    one("projections", "projections application.submitted.v1");
    for personal in [&person.name, &person.email] {
        assert!(!told.iter().any(|t| format!("{:?}", t.span).contains(personal.as_str())));
    }
}

/// Every message of the trace carries it in its header, as the log has it.
async fn on_the_bus(servers: &Servers) {
    testkit::servers::tls();
    let log = PostgresLog::connect(&servers.url).await.expect("a log");
    let bus = JetStream::connect(Options::new(servers.nats.url()), log.identity()).await;
    let bus = bus.expect("a bus");
    let mut stream = bus.context().get_stream(STREAM).await.expect("a stream");
    until("the whole log on the bus", async || {
        let (head, at) =
            (log.head().await.expect("a head"), stream.info().await.expect("a stream"));
        let at = at.state.last_sequence;
        if at == head { Ok(()) } else { Err(format!("{at} of {head}")) }
    })
    .await;
    let mut kinds = Vec::new();
    for event in log.read_all(0, 1_000).await.expect("events") {
        let message = stream.get_raw_message(event.position).await.expect("a message");
        let carried = message.headers.get("traceparent").map(|value| value.as_str().to_owned());
        assert_eq!(carried, event.traceparent, "{}", event.kind);
        if event.traceparent.is_some_and(|trace| trace.contains(TRACE)) {
            kinds.push(event.kind);
        }
    }
    for kind in ["application.submitted.v1", "application.score_recorded.v1"] {
        assert!(kinds.iter().any(|k| k == kind), "{kind} in {kinds:?}");
    }
}

/// The numbers of a role, by name with labels.
async fn numbers(role: &Role) -> BTreeMap<String, f64> {
    let url = format!("http://{}/metrics", role.address());
    let answer = reqwest::get(url).await.expect("an answer").text().await.expect("text");
    let lines = answer.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a series and a value");
            (series.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

/// Waits until the numbers of a role are so, and answers them.
async fn until_told(
    role: &Role,
    what: &str,
    so: impl Fn(&dyn Fn(&str) -> f64) -> bool,
) -> BTreeMap<String, f64> {
    until(&format!("{what} of {}", role.name), async || {
        let now = numbers(role).await;
        let value = |series: &str| now.get(series).copied().unwrap_or(f64::NAN);
        match so(&value) {
            true => Ok(now),
            false => Err(format!("{now:#?}")),
        }
    })
    .await
}

/// Waits until exactly one of several holds its role; answers which.
async fn holder(roles: &[Role]) -> usize {
    let series = format!("hiresphere_lease_held{{role=\"{}\"}}", roles[0].name);
    until(&series, async || {
        let mut held = Vec::new();
        for role in roles {
            held.push(numbers(role).await.get(&series).copied());
        }
        let ones = held.iter().filter(|held| **held == Some(1.0)).count();
        let zeros = held.iter().filter(|held| **held == Some(0.0)).count();
        match held.iter().position(|held| *held == Some(1.0)) {
            Some(holder) if ones == 1 && ones + zeros == roles.len() => Ok(holder),
            _ => Err(format!("{held:?}")),
        }
    })
    .await
}

/// Drafts a job; answers its position, if it has one.
async fn draft(api: &Asker) -> Option<u64> {
    let posting = json!({ "title": "Nurse", "description": "Wards." });
    let (status, answer): (_, Value) =
        api.ask(|http, url| http.post(format!("{url}/v1/jobs")).json(&posting)).await;
    assert!(status.is_success(), "{answer}");
    answer["position"].as_u64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_at_work_how_far_and_how_late_is_told() {
    let database = Database::make().await;
    let mut servers = Servers::at(database.url().to_owned()).await;
    let mut sequencers = vec![servers.up("sequencer").await, servers.up("sequencer").await];
    let relays = [servers.up("relay").await, servers.up("relay").await];
    let projections = [servers.up("projections").await, servers.up("projections").await];
    let api_role = servers.up("api").await;
    let api = api_role.asker(servers.token().await);
    let at_work = holder(&sequencers).await;
    let carrying = holder(&relays).await;
    holder(&projections).await;

    let mut head = 0;
    for _ in 0..5 {
        head = draft(&api).await.expect("a position");
    }
    let at = head as f64;
    let told = until_told(&sequencers[at_work], "the end of the log", |value| {
        value("hiresphere_log_head_position") == at && value("hiresphere_unsequenced_events") == 0.0
    })
    .await;
    assert_eq!(told["hiresphere_unsequenced_oldest_seconds"], 0.0);
    let numbered = told["hiresphere_sequenced_events_total"];
    let batches = told["hiresphere_sequenced_batches_total"];
    assert!((1.0..=numbered).contains(&batches), "{batches}");
    assert_eq!(told["hiresphere_role_failing{role=\"sequencer\"}"], 0.0);
    let standby = until_told(&sequencers[1 - at_work], "how far the other is", |value| {
        value("hiresphere_log_head_position") == at
    })
    .await;
    let all = numbered + standby["hiresphere_sequenced_events_total"];
    assert_eq!(all, at, "each event was numbered once");
    for relay in &relays {
        until_told(relay, "an even bus", |value| {
            value("hiresphere_relay_position") == at && value("hiresphere_relay_lag_seconds") == 0.0
        })
        .await;
    }
    until_told(&projections[0], "read models", |value| {
        value("hiresphere_subscription_position{subscription=\"projections\"}") == at
    })
    .await;

    // A bus that is away.
    servers.nats.kill();
    let head = draft(&api).await.expect("numbered all the same");
    let at = head as f64;
    let told = until_told(&relays[carrying], "lag", |value| {
        value("hiresphere_log_head_position") == at && value("hiresphere_relay_lag_seconds") > 0.0
    })
    .await;
    assert!(told["hiresphere_relay_position"] < at);
    servers.nats.restart();
    until_told(&relays[carrying], "an even bus", |value| {
        value("hiresphere_relay_position") == at && value("hiresphere_relay_lag_seconds") == 0.0
    })
    .await;

    // One that works is killed: the other takes over. None is left: what waits is told by whoever sees the log.
    sequencers.remove(at_work).kill().await;
    assert_eq!(holder(&sequencers).await, 0);
    sequencers.remove(0).kill().await;
    let waiting = tokio::spawn({
        let api = api.clone();
        async move { draft(&api).await }
    });
    until_told(&relays[0], "an event that waits", |value| {
        value("hiresphere_unsequenced_events") == 1.0
            && value("hiresphere_unsequenced_oldest_seconds") > 0.0
    })
    .await;
    let again = [servers.up("sequencer").await];
    holder(&again).await;
    waiting.await.expect("it was written");
    until_told(&again[0], "an end of waiting", |value| {
        value("hiresphere_unsequenced_events") == 0.0
            && value("hiresphere_log_head_position") == at + 1.0
    })
    .await;
}
