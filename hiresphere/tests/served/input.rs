//! Bad input: bodies of another shape, other media types, ids that are none.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Api, number, send, text};
use crate::scene::{AMARA, apply, drafted, open_job, posting};
use crate::server::Server;

async fn raw(api: &Api, path: &str, media: Option<&str>, body: impl Into<reqwest::Body>) -> Answer {
    let mut request = api.request(Method::POST, path).body(body);
    if let Some(media) = media {
        request = request.header("content-type", media);
    }
    send(request).await
}

#[tokio::test]
async fn bodies_of_another_shape_are_named_by_their_field() {
    let server = Server::start();
    let api = server.admin();
    let json_type = Some("application/json");
    let jobs = "/v1/jobs";
    for body in ["{", "{\"title\": \"A\"", "nonsense", "\u{feff}{}", "{'title': 1}"] {
        raw(&api, jobs, json_type, body).await.refused(400, "INVALID_JSON");
    }
    let trailing = format!("{} {{}}", posting("A"));
    raw(&api, jobs, json_type, trailing).await.refused(400, "INVALID_JSON");
    raw(&api, jobs, json_type, vec![b'{', 0xff, b'}']).await.refused(400, "INVALID_JSON");
    let deep = "[".repeat(100_000);
    let deep = format!("{{\"title\":\"a\",\"description\":{deep}");
    assert!([400, 422].contains(&raw(&api, jobs, json_type, deep).await.status));
    for body in ["[]", "7", "null", "\"text\""] {
        raw(&api, jobs, json_type, body).await.refused(422, "VALIDATION");
    }
    // No body is an empty object.
    for media in [None, json_type] {
        raw(&api, jobs, media, "").await.at_field(422, "VALIDATION", "title");
    }
    let with = |pointer: &str, value: Value| {
        let mut body = posting("Engineer");
        match body.pointer_mut(pointer) {
            Some(field) => *field = value,
            None => body[pointer.trim_start_matches('/')] = value,
        }
        body
    };
    for (pointer, value, field) in [
        ("/salary", json!(1), "salary"),
        ("/title", json!(7), "title"),
        ("/title", json!(null), "title"),
        ("/title", json!("x".repeat(201)), "title"),
        ("/description", json!("x".repeat(50_001)), "description"),
        ("/openings", json!(-1), "openings"),
        ("/openings", json!(1.5), "openings"),
        ("/openings", json!(4_294_967_296_u64), "openings"),
        ("/pay/min", json!("much"), "pay.min"),
        ("/pay/per", json!("fortnight"), "pay.per"),
        ("/requirements/1", json!({ "must_have": true }), "requirements[1].text"),
        (
            "/requirements/1",
            json!({ "text": "A", "must_have": "yes" }),
            "requirements[1].must_have",
        ),
        ("/requirements/1", json!({ "text": "A", "mus_have": true }), "requirements[1].mus_have"),
        ("/requirements/1/text", json!(""), "requirements[1].text"),
    ] {
        let answer = api.post(jobs, with(pointer, value)).await;
        answer.at_field(422, "VALIDATION", field);
    }
    let doubled = "{\"title\":\"A\",\"title\":\"B\",\"description\":\"\"}";
    raw(&api, jobs, json_type, doubled).await.at_field(422, "VALIDATION", "title");

    // Another media type, or none.
    let body = posting("Engineer").to_string();
    for media in [
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data"),
        None,
    ] {
        let answer = raw(&api, jobs, media, body.clone()).await;
        answer.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    for media in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.job+json"]
    {
        raw(&api, jobs, Some(media), body.clone()).await.status(201);
    }
    let (job, _) = open_job(&api, "Engineer").await;
    let path = format!("/v1/jobs/{job}/applications");
    for media in ["application/json", "multipart/form-data", "multipart/mixed; boundary=x"] {
        let answer = raw(&server.anonymous(), &path, Some(media), "{}").await;
        answer.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let broken = "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAma";
    let media = Some("multipart/form-data; boundary=x");
    raw(&server.anonymous(), &path, media, broken).await.refused(400, "BAD_BODY");
    let nameless = "--x\r\nContent-Disposition: form-data\r\n\r\nAma\r\n--x--\r\n";
    raw(&server.anonymous(), &path, media, nameless).await.refused(422, "VALIDATION");

    // More JSON than anybody writes by hand.
    let huge = format!("{{\"title\":\"{}\"}}", "x".repeat(3 * 1024 * 1024));
    raw(&api, jobs, json_type, huge).await.refused(413, "TOO_LARGE");
}

#[tokio::test]
async fn ids_that_are_none_name_nothing() {
    let server = Server::start();
    let api = server.admin();
    let (job, _) = drafted(&api, "Engineer").await;
    let bare = job.replace('-', "");
    let upper = job.to_uppercase();
    for id in [
        "x",
        "1",
        "%20",
        "..%2Fjobs",
        &bare,
        &format!("{{{job}}}"),
        &format!("urn:uuid:{job}"),
        "%ff%fe",
    ] {
        for path in [
            format!("/v1/jobs/{id}"),
            format!("/v1/applications/{id}"),
            format!("/v1/candidates/{id}"),
        ] {
            let answer = api.get(&path).await;
            assert!([400, 404].contains(&answer.status), "{path}: {}", answer.body);
            let code = text(&answer.body, "code");
            answer.refused(answer.status, &code);
        }
    }
    api.get(&format!("/v1/jobs/{upper}")).await.ok();
    for body in [json!({ "job": "x" }), json!({ "job": 7 })] {
        let ada = api.post("/v1/candidates", json!({ "name": "Ada" })).await.status(201);
        let path = format!("/v1/candidates/{}/applications", text(&ada, "id"));
        api.post(&path, body).await.at_field(422, "VALIDATION", "job");
    }
}

#[tokio::test]
async fn what_is_written_stands_as_it_was_written() {
    let server = Server::start();
    let api = server.admin();
    let odd =
        "Ingénieur·e 工程师 \u{202e}evil\u{202c} <script>alert(1)</script> '; DROP TABLE jobs;--";
    let (job, position) = drafted(&api, odd).await;
    assert_eq!(api.read(&format!("/v1/jobs/{job}"), position).await["title"], odd);
    let found = api.get("/v1/jobs?q=%27%3B%20DROP").await.ok();
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    for q in ["%25", "_", "%5C", "*"] {
        let found = api.get(&format!("/v1/jobs?q={q}")).await.ok();
        let hits = found["items"].as_array().map(Vec::len);
        assert_eq!(hits, Some(0), "`{q}` is a letter, not a pattern");
    }
    let (open, _) = open_job(&api, "Engineer").await;
    let mine = apply(&server, &open, &AMARA).await;
    let note = "line one\nline two\t\"quoted\" \u{1f600}";
    let body = json!({ "text": note, "visibility": "private" });
    let noted = api.post(&format!("{}/notes", mine.url), body).await.ok();
    let path = format!("{}/timeline?limit=200", mine.url);
    let told = api.read(&path, number(&noted, "position")).await;
    let row = told["items"].as_array().unwrap().iter().find(|t| t["visibility"] == "private");
    assert_eq!(row.unwrap()["note"], note);
    // Private is private.
    let (_, other) = crate::scene::token(&api, "recruiter").await;
    let told = server.bearer(&other).get(&path).await;
    assert!(!String::from_utf8(told.bytes).unwrap().contains("line one"));

    let resume = api.get(&format!("{}/resume", mine.url)).await;
    resume.status(200);
    assert_eq!(resume.bytes, crate::scene::sample(AMARA.file));
    assert_eq!(resume.header("x-content-type-options"), "nosniff");
    assert!(resume.header("content-disposition").starts_with("attachment"));
    let unknown = api.get(&format!("{}/resume?inline=1", mine.url)).await;
    unknown.at_field(400, "BAD_PARAMETER", "inline");
}

#[tokio::test]
async fn a_quote_is_found_on_the_page_it_was_taken_from() {
    let server = Server::start();
    let api = server.admin();
    let (job, _) = open_job(&api, "Engineer").await;
    let (mine, position) = crate::scene::scored(&server, &job, &AMARA).await;
    let text = format!("{}/resume/text", mine.url);
    let read = api.get(&text).await.ok();
    assert_eq!(read["places"], json!([]), "nothing was asked for");
    let pages = read["pages"].as_array().unwrap();
    let whole: Vec<&str> = pages.iter().filter_map(|page| page["text"].as_str()).collect();
    let whole: Vec<char> = whole.join("\n").chars().collect();
    for page in pages {
        let first = page["text"].as_str().unwrap().chars().next();
        assert_eq!(whole.get(number(page, "start") as usize).copied(), first);
    }

    let view = api.read(&mine.url, position).await;
    let criteria = view["criteria"].as_array().unwrap().iter();
    let quotes: Vec<&Value> = criteria.flat_map(|c| c["evidence"].as_array().unwrap()).collect();
    assert!(!quotes.is_empty());
    for quote in quotes {
        let (start, end) = (number(quote, "start"), number(quote, "end"));
        let there: String = whole[start as usize..end as usize].iter().collect();
        assert_eq!(quote["quote"], there);
        let found = api.get(&format!("{text}?start={start}&end={end}")).await.ok();
        let places = found["places"].as_array().unwrap();
        assert!(!places.is_empty(), "{there}");
        for place in places {
            let within = |of: &str| place[of].as_f64().unwrap();
            for found in place["boxes"].as_array().unwrap() {
                let side = |of: &str| found[of].as_f64().unwrap();
                assert!(0.0 < side("left") && side("left") < side("right"), "{found}");
                assert!(0.0 < side("top") && side("top") < side("bottom"), "{found}");
                assert!(side("right") < within("width") && side("bottom") < within("height"));
            }
        }
    }

    for (query, field) in
        [("start=5", "end"), ("end=5", "start"), ("start=5&end=5", "end"), ("start=x", "start")]
    {
        api.get(&format!("{text}?{query}")).await.at_field(400, "BAD_PARAMETER", field);
    }
    let beyond = api.get(&format!("{text}?start=4000000000&end=4294967295")).await.ok();
    assert_eq!(beyond["places"], json!([]));
    let applicant = server.bearer(&mine.token);
    applicant.get(&text).await.refused(403, "FORBIDDEN");
}

#[tokio::test]
async fn what_could_not_be_read_has_no_text() {
    let server = Server::start();
    let api = server.admin();
    let (job, _) = open_job(&api, "Engineer").await;
    let form = crate::scene::form(&AMARA, b"%PDF-1.7 and no more".to_vec());
    let mine = crate::scene::applied(&crate::scene::hand_in(&server.anonymous(), &job, form).await);
    let after = format!("after={}", mine.position - 1);
    let mut feed = crate::feed::Feed::open(&server, &server.token, &after).await;
    feed.until(|m| m["type"] == "candidate.resume_extraction_failed.v1").await;
    api.get(&format!("{}/resume/text", mine.url)).await.refused(409, "NOT_READ");
}
