//! As of: what was shown at a position or at a time, through the same addresses.

use serde_json::json;

use crate::client::{number, text};
use crate::feed::{Feed, is};
use crate::scene::{AMARA, DMITRI, open_job, scored};
use crate::server::Server;

#[tokio::test]
async fn pool_application_and_timeline_are_shown_as_they_stood() {
    let server = Server::start();
    let admin = server.admin();
    let (job, opened) = open_job(&admin, "Backend Engineer").await;
    let pool = format!("/v1/jobs/{job}/pool");
    let mut feed = Feed::open(&server, &server.token, "after=0").await;
    let (amara, first) = scored(&server, &job, &AMARA).await;
    let (_, second) = scored(&server, &job, &DMITRI).await;
    let moved = admin.post(&format!("{}/move", amara.url), json!({ "to": "screening" })).await;
    let moved = number(&moved.ok(), "position");
    let event = feed.until(|m| is(m, "application.stage_changed.v1", &amara.id)).await;
    assert_eq!(number(&event, "position"), moved);
    let time = |position: u64| {
        let message = feed.told.iter().find(|m| m["position"] == position).unwrap();
        text(message, "at").replace('+', "%2B")
    };

    let shown = async |path: &str, as_of: &str| {
        let and = if path.contains('?') { '&' } else { '?' };
        admin.get(&format!("{path}{and}as_of={as_of}")).await.ok()
    };
    // By position, and by the time at which that position was written.
    for as_of in [opened.to_string(), time(opened)] {
        assert_eq!(shown(&pool, &as_of).await["items"], json!([]), "{as_of}");
        let at = format!("{}?as_of={as_of}", amara.url);
        admin.get(&at).await.refused(404, "NOT_FOUND");
    }
    for as_of in [first.to_string(), time(first)] {
        let then = shown(&pool, &as_of).await;
        assert_eq!(then["position"], first);
        assert_eq!(then["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(then["items"][0]["rank"], 1);
        let application = shown(&amara.url, &as_of).await;
        assert_eq!(application["stage"], "submitted");
        assert_eq!(application["read_at"], first);
        let story = shown(&format!("{}/timeline", amara.url), &as_of).await;
        let last = story["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["type"], "application.score_recorded.v1");
    }
    let between = shown(&amara.url, &(amara.position).to_string()).await;
    assert_eq!((&between["outcome"], &between["rank"]), (&json!("pending"), &json!(null)));
    let then = shown(&pool, &second.to_string()).await;
    assert_eq!(then["items"].as_array().map(Vec::len), Some(2));
    let counters = shown(&format!("/v1/jobs/{job}/counters"), &second.to_string()).await;
    assert_eq!(counters["position"], second);
    let now = admin.read(&amara.url, moved).await;
    assert_eq!(now["stage"], "screening");
    assert_eq!(shown(&amara.url, &moved.to_string()).await["stage"], "screening");

    // The same page twice is the same page, and what is no place in the log is said to be none.
    let tagged = admin.get(&format!("{pool}?as_of={first}")).await;
    let request = admin.request(reqwest::Method::GET, &format!("{pool}?as_of={first}"));
    let again = crate::client::send(request.header("if-none-match", tagged.header("etag"))).await;
    assert_eq!((again.status, again.bytes.len()), (304, 0));
    for wrong in ["999999", "yesterday", "-1", "2026-13-01T00:00:00Z"] {
        let answer = admin.get(&format!("{pool}?as_of={wrong}")).await;
        answer.at_field(400, "BAD_PARAMETER", "as_of");
    }
    let first_day = admin.get(&format!("{}?as_of=2001-01-01T00:00:00Z", amara.url)).await;
    first_day.refused(404, "NOT_FOUND");
    let applicant = server.bearer(&amara.token);
    let past = applicant.get(&format!("{}?as_of={first}", amara.url)).await;
    past.at_field(400, "BAD_PARAMETER", "as_of");
}
