//! Traces and logs: one trace goes from a request to everything that it led to, and neither names a person.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::Value;

use crate::client::send;
use crate::scene::{AMARA, applied, form, open_job, sample, score_of};
use crate::server::Server;

/// What a collector was told.
type Told = Arc<Mutex<Vec<Span>>>;

/// A stand-in for a collector; answers its address.
async fn collector() -> (String, Told) {
    let told = Told::default();
    let take = async |State(told): State<Told>, body: Bytes| {
        let request = ExportTraceServiceRequest::decode(body).expect("OTLP");
        let scopes = request.resource_spans.into_iter().flat_map(|r| r.scope_spans);
        told.lock().expect("a lock").extend(scopes.flat_map(|scope| scope.spans));
    };
    let router = Router::new().route("/v1/traces", post(take)).with_state(told.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), told)
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_goes_from_a_request_to_all_that_it_led_to() {
    let (endpoint, told) = collector().await;
    let mut server = Server::with(&["--otlp-endpoint", &endpoint, "--log-format", "json"]);
    let (job, _) = open_job(&server.admin(), "Engineer").await;
    let form = form(&AMARA, sample(AMARA.file));
    let path = format!("/v1/jobs/{job}/applications");
    let request = server.anonymous().request(reqwest::Method::POST, &path);
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let answer = send(request.header("traceparent", parent).multipart(form)).await;
    score_of(&server, &applied(&answer)).await;
    assert!(server.end().success());

    let spans = std::mem::take(&mut *told.lock().expect("a lock"));
    let mine: Vec<&Span> = spans.iter().filter(|s| hex(&s.trace_id) == TRACE).collect();
    let names: BTreeSet<&str> = mine.iter().map(|s| s.name.as_str()).collect();
    for name in [
        "POST /v1/jobs/{job}/applications",
        "SubmitApplication",
        "scorers application.submitted.v1",
        "scorers candidate.resume_received.v1",
        "RecordExtraction",
        "scorers candidate.resume_parsed.v1",
        "RequestScore",
        "grader-baseline-v1 application.score_requested.v1",
        "RecordScore",
        "projections application.submitted.v1",
        "projections application.score_recorded.v1",
    ] {
        assert!(names.contains(name), "{name} in {names:#?}");
    }

    // Each span is behind the one that led to it, up to whoever called.
    let by_id: BTreeMap<&[u8], &Span> = mine.iter().map(|s| (&s.span_id[..], *s)).collect();
    let folded = mine.iter().find(|s| s.name == "projections application.score_recorded.v1");
    let mut way = vec![*folded.expect("it is there")];
    while let Some(before) = by_id.get(&way[way.len() - 1].parent_span_id[..]) {
        way.push(before);
    }
    let first = way[way.len() - 1];
    assert_eq!(first.name, "POST /v1/jobs/{job}/applications");
    assert_eq!(hex(&first.parent_span_id), "00f067aa0ba902b7");
    let way: Vec<&str> = way.iter().map(|s| s.name.as_str()).collect();
    let graded = "grader-baseline-v1 application.score_requested.v1";
    for name in ["RecordScore", graded, "RequestScore"] {
        assert!(way.contains(&name), "{name} in {way:?}");
    }

    // A request that names no trace begins one.
    let other = spans.iter().find(|s| s.name == "POST /v1/jobs").expect("a span of it");
    assert!(other.parent_span_id.is_empty() && hex(&other.trace_id) != TRACE);
    let said = server.said();
    for personal in [AMARA.name, AMARA.email] {
        assert!(!format!("{spans:?}").contains(personal), "{personal} in the traces");
        assert!(!said.contains(personal), "{personal} in {said}");
    }
    logged(&said);
}

/// Every line is JSON of one shape, and what belongs to a trace says so.
fn logged(said: &str) {
    let mut fields = Vec::new();
    for line in said.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        for name in ["timestamp", "level", "target"] {
            assert!(line[name].as_str().is_some_and(|text| !text.is_empty()), "{name} in {line}");
        }
        assert!(line["fields"].is_object(), "{line}");
        fields.push(line);
    }
    for message in ["serving", "asked to end", "ended"] {
        assert!(fields.iter().any(|l| l["fields"]["message"] == message), "{message} in {said}");
    }
    let traced =
        fields.iter().filter(|l| l["span"]["trace_id"].as_str().is_some_and(|t| t.len() == 32));
    assert!(traced.count() > 0, "a line within a trace in {said}");
}
