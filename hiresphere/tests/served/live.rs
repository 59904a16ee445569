//! The live feed: who gets in and how, where it resumes, what it leaves out, and how it ends.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{number, send, text};
use crate::feed::{Events, Feed, ticket};
use crate::scene::{AMARA, DMITRI, apply, drafted, open_job, posting, scored, token};
use crate::server::Server;

/// Within which a connection ends whose token was revoked, as its client measures it.
const SOON: Duration = Duration::from_secs(1);

async fn refused(server: &Server, query: &str, headers: &[(&'static str, &str)]) -> (u16, String) {
    let opened = Feed::try_open(server, query, headers).await;
    let (status, problem) = opened.err().expect("a refusal");
    assert_eq!(problem["type"], format!("urn:hiresphere:problem:{}", text(&problem, "code")));
    (status, text(&problem, "code"))
}

#[tokio::test]
async fn who_gets_in() {
    let server = Server::with(&["--allow-origin", "https://hiring.example.org"]);
    let admin = server.admin();
    let bearer = format!("Bearer {}", server.token);
    let told = |code: &str, status: u16| (status, code.to_owned());

    // By a ticket, once.
    let given = ticket(&admin).await.status(201);
    let query = format!("ticket={}", text(&given, "ticket"));
    let mut feed = Feed::try_open(&server, &query, &[])
        .await
        .map_err(|refused| format!("{refused:?}"))
        .unwrap();
    assert_eq!(refused(&server, &query, &[]).await, told("TICKET_USED", 401));
    assert_eq!(refused(&server, "ticket=made-up", &[]).await, told("TICKET_USED", 401));
    // A used ticket is a used ticket, whoever brings it.
    let both = [("authorization", bearer.as_str())];
    assert_eq!(refused(&server, &query, &both).await, told("TICKET_USED", 401));
    let (_, position) = drafted(&admin, "Engineer").await;
    assert_eq!(feed.up_to(position).await, [number(&given, "position") + 1]);

    // Only from pages that may.
    let own = format!("http://{}", server.address);
    for (origin, allowed) in [
        (own.as_str(), true),
        ("https://hiring.example.org", true),
        ("https://evil.example.org", false),
        ("https://hiring.example.org.evil.org", false),
        ("null", false),
    ] {
        let headers = [("authorization", bearer.as_str()), ("origin", origin)];
        match Feed::try_open(&server, "", &headers).await {
            Ok(_) => assert!(allowed, "{origin}"),
            Err((status, problem)) => {
                assert!(!allowed, "{origin}: {problem}");
                assert_eq!((status, &problem["code"]), (403, &json!("ORIGIN_NOT_ALLOWED")));
            }
        }
        let request = admin.request(Method::GET, "/v1/live").header("origin", origin);
        let request = request.header("accept", "text/event-stream");
        let status = request.send().await.unwrap().status();
        assert_eq!(status.as_u16(), if allowed { 200 } else { 403 }, "{origin}");
    }

    // Not without an upgrade, and not with a question that is wrong.
    let plain = admin.get("/v1/live").await;
    plain.refused(426, "UPGRADE_REQUIRED");
    assert_eq!(plain.header("upgrade"), "websocket");
    for (query, field) in [
        ("type=job.publishd.v1", "type"),
        ("type=", "type"),
        ("typ=job.published.v1", "typ"),
        ("after=soon", "after"),
        ("after=-1", "after"),
        ("after=99999", "after"),
        ("job=engineer", "job"),
    ] {
        assert_eq!(refused(&server, query, &both).await, told("BAD_PARAMETER", 400), "{query}");
        admin.get(&format!("/v1/live?{query}")).await.at_field(400, "BAD_PARAMETER", field);
    }
    let request = admin.request(Method::GET, "/v1/live").header("accept", "text/event-stream");
    let wrong = send(request.header("last-event-id", "yesterday")).await;
    wrong.at_field(400, "BAD_PARAMETER", "Last-Event-ID");
}

#[tokio::test]
async fn it_resumes_without_a_gap_or_a_double_while_events_are_written() {
    const EVENTS: u64 = 240;
    let server = Server::start();
    let admin = server.admin();
    let (job, begin) = drafted(&admin, "0").await;
    let writer = tokio::spawn({
        let admin = admin.clone();
        async move {
            let mut last = begin;
            for n in 1..=EVENTS {
                let path = format!("/v1/jobs/{job}");
                last = number(&admin.put(&path, posting(&n.to_string())).await.ok(), "position");
            }
            last
        }
    });
    // One stays, one comes and goes by WebSocket, one by server-sent events: all hear the same.
    let staying = async {
        let mut feed = Feed::open(&server, &server.token, &format!("after={begin}")).await;
        feed.up_to(begin + EVENTS).await
    };
    let by_socket = async {
        let (mut told, mut at) = (vec![], begin);
        while at < begin + EVENTS {
            let mut feed = Feed::open(&server, &server.token, &format!("after={at}")).await;
            told.extend(feed.up_to((at + 17).min(begin + EVENTS)).await);
            at = *told.last().unwrap();
        }
        told
    };
    let by_events = async {
        let (mut told, mut at) = (vec![], begin);
        while at < begin + EVENTS {
            // What the browser says it had last goes before what the page asked for first.
            let last = at.to_string();
            let mut events = Events::open(&admin, "after=0", &[("last-event-id", &last)]).await;
            told.extend(events.up_to((at + 23).min(begin + EVENTS)).await);
            at = *told.last().unwrap();
        }
        told
    };
    let (staying, by_socket, by_events) = tokio::join!(staying, by_socket, by_events);
    let all: Vec<u64> = (begin + 1..=begin + EVENTS).collect();
    assert_eq!(staying, all);
    assert_eq!(by_socket, all);
    assert_eq!(by_events, all);
    assert_eq!(writer.await.unwrap(), begin + EVENTS);
    let mut whole = Feed::open(&server, &server.token, "after=0").await;
    assert_eq!(whole.up_to(begin + EVENTS).await, (1..=begin + EVENTS).collect::<Vec<_>>());
}

#[tokio::test]
async fn it_tells_of_a_job_or_of_a_type_alone() {
    let server = Server::start();
    let admin = server.admin();
    let (one, _) = open_job(&admin, "One").await;
    let (two, _) = open_job(&admin, "Two").await;
    let query = format!("after=0&job={one}");
    let mut of_job = Feed::open(&server, &server.token, &query).await;
    let types = "after=0&type=application.score_recorded.v1,job.published.v1";
    let mut of_type = Feed::open(&server, &server.token, types).await;
    let mut both = Events::open(&admin, &format!("{types}&job={two}"), &[]).await;
    let (amara, _) = scored(&server, &one, &AMARA).await;
    let (dmitri, last) = scored(&server, &two, &DMITRI).await;
    let closing = json!({ "reason": "over", "disposition": "keep_for_review" });
    let closed = admin.post(&format!("/v1/jobs/{one}/close"), closing).await.ok();

    of_job.up_to(number(&closed, "position")).await;
    let about =
        |feed: &Feed| -> Vec<String> { feed.told.iter().map(|m| text(m, "stream")).collect() };
    let expected = [format!("job-{one}"), format!("application-{}", amara.id)];
    assert!(about(&of_job).iter().all(|s| expected.contains(s)), "{:?}", about(&of_job));
    assert!(expected.iter().all(|s| about(&of_job).contains(s)));
    of_type.up_to(last).await;
    let kinds: Vec<String> = of_type.told.iter().map(|m| text(m, "type")).collect();
    let (published, score) = ("job.published.v1", "application.score_recorded.v1");
    assert_eq!(kinds, [published, published, score, score]);
    let (first, second) = (both.next().await.unwrap(), both.next().await.unwrap());
    assert_eq!((&first.data["type"], &second.data["type"]), (&json!(published), &json!(score)));
    assert_eq!(second.data["stream"], format!("application-{}", dmitri.id));
    assert_eq!((second.name, second.id), (None, Some(last.to_string())));
    let fields: Vec<&String> = second.data.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["actor", "at", "data", "event_id", "position", "stream", "type"]);
}

#[tokio::test]
async fn who_may_no_longer_follow_is_let_go_at_once() {
    let server = Server::start();
    let admin = server.admin();
    for by_hand in [false, true] {
        let (id, secret) = token(&admin, "recruiter").await;
        let recruiter = server.bearer(&secret);
        let mut busy = Feed::open(&server, &secret, "after=0").await;
        let waiting = text(&ticket(&recruiter).await.status(201), "ticket");
        let query = format!("ticket={waiting}");
        let given = text(&ticket(&recruiter).await.status(201), "ticket");
        let by_ticket = Feed::try_open(&server, &format!("ticket={given}"), &[]).await;
        let mut by_ticket = by_ticket.map_err(|refused| format!("{refused:?}")).unwrap();
        let mut events = Events::open(&recruiter, "", &[]).await;
        let mut admins = Feed::open(&server, &server.token, "").await;
        busy.next().await;

        let started = if by_hand {
            assert!(server.run(&["token", "revoke", &id]).status.success());
            Instant::now()
        } else {
            let started = Instant::now();
            admin.delete(&format!("/v1/tokens/{id}")).await.status(204);
            started
        };
        recruiter.get("/v1/jobs").await.refused(401, "UNAUTHENTICATED");
        // A ticket that was given before is worth nothing either.
        let late = Feed::try_open(&server, &query, &[]).await;
        assert_eq!(late.err().expect("a refusal").0, 401);
        for feed in [&mut busy, &mut by_ticket] {
            assert_eq!(feed.closed().await, (4401, "REVOKED".into()));
        }
        let end = events.next().await.expect("a reason");
        assert_eq!((end.name.as_deref(), &end.data["code"]), (Some("end"), &json!("REVOKED")));
        assert_eq!(events.next().await, None);
        assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
        // Nobody else is.
        let (_, position) = drafted(&admin, "Engineer").await;
        assert_eq!(admins.up_to(position).await, [position]);
    }
}

#[tokio::test]
async fn who_was_erased_follows_nothing() {
    let server = Server::start();
    let admin = server.admin();
    let (job, _) = open_job(&admin, "Engineer").await;
    let mine = apply(&server, &job, &AMARA).await;
    let mut feed = Feed::open(&server, &mine.token, "after=0").await;
    let candidate = text(&admin.read(&mine.url, mine.position).await, "candidate");
    let me = server.bearer(&mine.token);
    me.post(&format!("{}/withdraw", mine.url), json!({})).await.ok();
    admin.post(&format!("/v1/candidates/{candidate}/erasure"), json!({})).await.ok();
    let started = Instant::now();
    assert_eq!(feed.closed().await, (4401, "REVOKED".into()));
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    me.get(&mine.url).await.refused(401, "UNAUTHENTICATED");
    let headers = [("authorization", format!("Bearer {}", mine.token))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(refused(&server, "", &headers).await, (401, "UNAUTHENTICATED".into()));
    let gone = admin.get(&mine.url).await.ok();
    assert_eq!((&gone["name"], &gone["email"]), (&Value::Null, &Value::Null));
}
