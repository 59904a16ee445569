//! What answers look like: tags and 304, pages and their cursors, problems of the router, pages of other
//! origins, the reference.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Api, number, send, text};
use crate::scene::{AMARA, apply, drafted, open_job, posting};
use crate::server::Server;

async fn unless(api: &Api, path: &str, tag: &str) -> Answer {
    send(api.request(Method::GET, path).header("if-none-match", tag)).await
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let server = Server::start();
    let api = server.admin();
    let (job, position) = open_job(&api, "Engineer").await;
    let at = format!("/v1/jobs/{job}");
    api.read(&at, position).await;
    let same = async |path: &str| {
        let first = api.get(path).await;
        first.status(200);
        let tag = first.header("etag").to_owned();
        assert!(!tag.is_empty(), "{path}");
        for known in [tag.as_str(), &format!("\"other\", {tag}")] {
            let again = unless(&api, path, known).await;
            assert_eq!((again.status, again.bytes.len()), (304, 0), "{path}");
            assert_eq!(again.header("etag"), tag);
        }
        unless(&api, path, "\"other\"").await.status(200);
        tag
    };
    for path in [&at, "/v1/jobs", "/v1/open-jobs", &format!("{at}/counters")] {
        same(path).await;
    }
    let registered = api.post("/v1/candidates", json!({ "email": AMARA.email })).await.status(201);
    let person = format!("/v1/candidates/{}", text(&registered, "id"));
    api.read(&person, number(&registered, "position")).await;
    let (person_tag, pool) = (same(&person).await, format!("{at}/pool"));
    let pool_tag = same(&pool).await;

    // An application changes what is said of the person, and of the job's pool.
    let applied = apply(&server, &job, &AMARA).await;
    api.read(&applied.url, applied.position).await;
    let changed = unless(&api, &person, &person_tag).await.status(200);
    assert_eq!(changed["applications"][0]["application"], applied.id.as_str());
    unless(&api, &pool, &pool_tag).await.status(200);

    // A new title reaches the applicant, too.
    let applicant = server.bearer(&applied.token);
    let mut feed = crate::feed::Feed::open(&server, &server.token, "after=0").await;
    feed.until(|m| m["type"] == "application.score_recorded.v1").await;
    let scored = number(feed.told.last().unwrap(), "position");
    api.read(&applied.url, scored).await;
    let tag = applicant.get(&applied.url).await.header("etag").to_owned();
    let edited = number(&api.put(&at, posting("Chief Engineer")).await.ok(), "position");
    api.read(&at, edited).await;
    let title = unless(&applicant, &applied.url, &tag).await.status(200);
    assert_eq!(title["job_title"], "Chief Engineer");
}

#[tokio::test]
async fn lists_are_pages_and_cursors_stay_with_their_list() {
    let server = Server::start();
    let api = server.admin();
    let mut position = 0;
    for title in ["Baker", "Cook", "Waiter", "Cook"] {
        position = drafted(&api, title).await.1;
    }
    api.read("/v1/jobs", position).await;
    let (mut seen, mut cursor) = (vec![], String::new());
    loop {
        let page = api.get(&format!("/v1/jobs?limit=1&sort=title{cursor}")).await.ok();
        seen.extend(page["items"].as_array().unwrap().iter().map(|j| text(j, "title")));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["Baker", "Cook", "Cook", "Waiter"]);
    let next = text(&api.get("/v1/jobs?limit=1&q=cook").await.ok(), "next");
    let elsewhere = api.get(&format!("/v1/jobs?limit=1&q=baker&cursor={next}")).await;
    elsewhere.at_field(400, "CURSOR_ELSEWHERE", "cursor");
    api.get("/v1/candidates?cursor=abc").await.at_field(400, "CURSOR_DAMAGED", "cursor");
    api.get(&format!("/v1/candidates?cursor={next}")).await.refused(400, "CURSOR_ELSEWHERE");

    let (job, _) = open_job(&api, "Engineer").await;
    let pool = format!("/v1/jobs/{job}/pool");
    for (path, field) in [
        ("/v1/jobs?limit=0".to_owned(), "limit"),
        ("/v1/jobs?limit=201".into(), "limit"),
        ("/v1/jobs?limit=ten".into(), "limit"),
        ("/v1/jobs?status=opened".into(), "status"),
        ("/v1/jobs?sort=age".into(), "sort"),
        ("/v1/jobs?statos=open".into(), "statos"),
        ("/v1/open-jobs?status=draft".into(), "status"),
        (format!("{pool}?min_total=101"), "min_total"),
        (format!("{pool}?min_total=NaN"), "min_total"),
        (format!("{pool}?outcome=good"), "outcome"),
        (format!("{pool}?status=hired,liked"), "status"),
        ("/v1/candidates?flagged=maybe".into(), "flagged"),
        ("/v1/candidates?min_position=99999".into(), "min_position"),
        ("/v1/candidates?min_position=-1".into(), "min_position"),
    ] {
        let answer = api.get(&path).await;
        assert_eq!(answer.status, 400, "{path}");
        answer.at_field(400, "BAD_PARAMETER", field);
    }
    api.get("/v1/jobs?limit=1&limit=2").await.refused(400, "BAD_PARAMETER");
}

#[tokio::test]
async fn the_router_answers_with_problems_too() {
    let server = Server::start();
    let (api, nobody) = (server.admin(), server.anonymous());
    for api in [&api, &nobody] {
        for path in ["/", "/v2/jobs", "/v1", "/v1/jobs/", "/v1/jobs/x/y/z", "/v1/%00"] {
            api.get(path).await.refused(404, "NOT_FOUND");
        }
        for (method, path, allow) in [
            (Method::DELETE, "/v1/jobs", "GET,HEAD,POST"),
            (Method::PATCH, "/v1/open-jobs", "GET,HEAD"),
            (Method::GET, "/v1/live/tickets", "POST"),
            (Method::HEAD, "/v1/live/tickets", "POST"),
            (Method::POST, "/v1/live", "GET,HEAD"),
            (Method::POST, "/openapi.json", "GET,HEAD"),
        ] {
            let answer = send(api.request(method.clone(), path)).await;
            if method == Method::HEAD {
                answer.status(405);
            } else {
                answer.refused(405, "METHOD_NOT_ALLOWED");
            }
            let mut takes: Vec<&str> = answer.header("allow").split(',').collect();
            takes.sort_unstable();
            assert_eq!(takes.join(","), allow, "{method} {path}");
        }
    }
    let head = send(nobody.request(Method::HEAD, "/v1/open-jobs")).await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));

    // What a client calls its request is what it is called, when that is harmless.
    let called = async |id: &str| {
        let request = nobody.request(Method::GET, "/v1/nowhere").header("x-request-id", id);
        send(request).await.header("x-request-id").to_owned()
    };
    assert_eq!(called("order-66").await, "order-66");
    assert_ne!(called("a b").await, "a b");
    assert_ne!(called(&"x".repeat(65)).await, "x".repeat(65));

    // The reference.
    let document = nobody.get("/openapi.json").await.ok();
    assert!(text(&document, "openapi").starts_with("3.1"), "{}", document["openapi"]);
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 30);
    for path in ["/docs", "/docs/"] {
        let page = nobody.get(path).await;
        page.status(200);
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
    }
    nobody.get("/docs/swagger-ui.css").await.status(200);
    nobody.get("/docs/nothing.js").await.status(404);
    assert_eq!(nobody.get("/healthz").await.ok(), json!({ "status": "alive" }));
}

#[tokio::test]
async fn pages_of_named_origins_may_use_the_api() {
    let page = "https://hiring.example.org";
    let server = Server::with(&["--allow-origin", page]);
    let api = server.anonymous();
    let ask = async |origin: &str| {
        let request = api.request(Method::OPTIONS, "/v1/jobs").header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        let wanted = "authorization,content-type,idempotency-key,if-match";
        send(request.header("access-control-request-headers", wanted)).await
    };
    let asked = ask(page).await;
    asked.status(200);
    assert_eq!(asked.header("access-control-allow-origin"), page);
    let allowed = asked.header("access-control-allow-headers").to_ascii_lowercase();
    // A browser does not take `*` for a token.
    for header in ["authorization", "content-type", "idempotency-key", "if-match", "prefer"] {
        assert!(allowed.split(',').any(|a| a.trim() == header), "{header} in {allowed}");
    }
    assert_eq!(
        ask("https://elsewhere.example.org").await.header("access-control-allow-origin"),
        ""
    );
    let refused = send(api.request(Method::GET, "/v1/jobs").header("origin", page)).await;
    refused.refused(401, "UNAUTHENTICATED");
    assert_eq!(refused.header("access-control-allow-origin"), page, "the page can read why");
    assert!(refused.header("access-control-expose-headers").contains("etag"));
    let without = Server::start();
    let asked = without.anonymous().request(Method::OPTIONS, "/v1/jobs").header("origin", page);
    let answer = send(asked).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert_ne!(answer.body, Value::Null);
}
