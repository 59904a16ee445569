//! From a short list to a hire, and back: interviews with scorecards, an offer in versions, openings that fill.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::servers::Clocks;

use crate::client::{Api, number, send, text};
use crate::feed::{Feed, is};
use crate::scene::{AMARA, Applied, DMITRI, NOBODY, ZOE, apply, open_job, posting, token};
use crate::server::Server;

/// The next whole five minutes but one, and so many minutes later.
fn slot(later: i64, minutes: i64) -> Value {
    let grain = TimeDelta::minutes(5).num_seconds();
    let seconds = (Utc::now().timestamp() / grain + 2) * grain + later * 60;
    let start = DateTime::from_timestamp(seconds, 0).expect("a time");
    let wire = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let end = start + TimeDelta::minutes(minutes);
    json!({ "start": wire(start), "end": wire(end), "time_zone": "Europe/Berlin" })
}

fn stages(required: u32) -> Value {
    let stage = |id: &str, kind: &str| json!({ "id": id, "name": id, "kind": kind });
    let mut interview = stage("interview", "interviewing");
    interview["required_scorecards"] = json!(required);
    interview["kit"] =
        json!({ "skills": ["systems", "writing"], "questions": ["What broke last, and why?"] });
    json!({ "stages": [
        stage("submitted", "submitted"), interview, stage("offer", "offer"), stage("hired", "hired"),
    ]})
}

/// Somebody who works here: their id, and their client.
async fn member(server: &Server, role: &str) -> (String, Api) {
    let (id, secret) = token(&server.admin(), role).await;
    (id, server.bearer(&secret))
}

async fn position(api: &Api, path: &str, body: Value) -> u64 {
    number(&api.post(path, body).await.ok(), "position")
}

/// What a timeline says, in order.
async fn summaries(api: &Api, applied: &Applied, position: u64) -> Vec<String> {
    let page = api.read(&format!("{}/timeline?limit=200", applied.url), position).await;
    let items = page["items"].as_array().expect("items");
    items.iter().map(|item| text(item, "summary")).collect()
}

fn scorecard(overall: &str) -> Value {
    json!({
        "ratings": [{ "skill": "systems", "level": 4 }, { "skill": "writing", "level": 5 }],
        "overall": overall, "notes": "Knew why it broke."
    })
}

#[tokio::test]
async fn interviews_take_time_and_end_in_scorecards() {
    let clocks = Clocks::new();
    let clock = clocks.clock("server");
    let server = Server::going_by(&clock);
    let admin = server.admin();
    let (job, _) = open_job(&admin, "Backend Engineer").await;
    admin.put(&format!("/v1/jobs/{job}/pipeline"), stages(2)).await.ok();
    let (ann, anns) = member(&server, "interviewer").await;
    let (ben, bens) = member(&server, "interviewer").await;
    let (_, auditor) = member(&server, "auditor").await;
    let (auditor_id, _) = token(&admin, "auditor").await;
    let (amara, dmitri) = (apply(&server, &job, &AMARA).await, apply(&server, &job, &DMITRI).await);
    let applicant = server.bearer(&amara.token);
    admin.post(&format!("{}/move", amara.url), json!({ "to": "interview" })).await.ok();

    // Arranged, unless somebody is somewhere else then.
    let here = format!("{}/interviews", amara.url);
    let plan = |panel: &[&str], slot: Value| json!({ "kind": "video", "panel": panel, "slot": slot, "link": "https://meet.example.org/1" });
    let first = plan(&[&ann, &ben], slot(0, 45));
    let arranged = admin.keyed("arrange-1", &here, first.clone()).await;
    let interview = text(&arranged.status(201), "id");
    let at = format!("/v1/interviews/{interview}");
    assert_eq!(arranged.header("location"), at);
    assert_eq!(text(&admin.keyed("arrange-1", &here, first).await.status(201), "id"), interview);
    let busy = admin
        .post(&format!("{}/interviews", dmitri.url), plan(&[&ben], slot(40, 30)))
        .await
        .refused(409, "INTERVIEWER_BUSY");
    assert_eq!(busy["existing"], interview.as_str());
    let (_, cas) = member(&server, "recruiter").await;
    cas.post(&here, plan(&[&auditor_id], slot(0, 30))).await.at_field(
        422,
        "VALIDATION",
        "panel[0]",
    );
    cas.post(&here, plan(&[NOBODY], slot(0, 30))).await.at_field(422, "VALIDATION", "panel[0]");
    let cas_id = token(&admin, "recruiter").await.0;
    cas.post(&here, plan(&[&cas_id], slot(30, 30))).await.refused(409, "CANDIDATE_BUSY");
    cas.post(&here, plan(&[&cas_id], slot(-60, 30))).await.refused(422, "IN_PAST");
    cas.post(&here, plan(&[&cas_id], slot(60, -30))).await.refused(422, "END_BEFORE_START");
    auditor.post(&here, plan(&[&ann], slot(0, 30))).await.refused(403, "AUDITOR_READ_ONLY");
    anns.post(&here, plan(&[&ann], slot(0, 30))).await.refused(403, "FORBIDDEN");

    // At another time the old one is free.
    let moved = json!({ "slot": slot(120, 45), "reason": "the train was late" });
    let moved = position(&admin, &format!("{at}/reschedule"), moved).await;
    admin
        .post(&format!("{}/interviews", dmitri.url), plan(&[&ben], slot(40, 30)))
        .await
        .status(201);

    // Everybody sees what is theirs to see.
    let shown = anns.read(&at, moved).await;
    assert_eq!(
        (shown["status"].as_str(), shown["stage"].as_str()),
        (Some("scheduled"), Some("interview"))
    );
    assert_eq!(shown["kit"]["skills"], json!(["systems", "writing"]), "the stage's kit");
    let public = server.anonymous().read(&format!("/v1/open-jobs/{job}"), moved).await;
    let listed = server.anonymous().get("/v1/open-jobs").await.ok();
    for open in [public, listed["items"][0].clone()] {
        assert_eq!(open["pipeline"][1]["id"], "interview");
        assert!(
            !open.to_string().contains("What broke last"),
            "what is asked is not for applicants"
        );
    }
    assert_eq!(shown["place"]["link"], "https://meet.example.org/1");
    let mine = anns.read("/v1/interviews", moved).await;
    assert_eq!(mine["items"].as_array().map(Vec::len), Some(1));
    let both = bens.get("/v1/interviews").await.ok();
    let starts: Vec<String> =
        both["items"].as_array().unwrap().iter().map(|i| text(i, "start")).collect();
    assert!(starts.len() == 2 && starts.is_sorted(), "{starts:?}");
    let from = format!("/v1/interviews?from={}", slot(60, 0)["start"].as_str().unwrap());
    assert_eq!(bens.get(&from).await.ok()["items"].as_array().map(Vec::len), Some(1));
    let (_, stranger) = member(&server, "interviewer").await;
    stranger.get(&at).await.refused(404, "NOT_FOUND");
    stranger.get(&format!("{}/scorecards", amara.url)).await.refused(404, "NOT_FOUND");
    stranger.get("/v1/candidates").await.refused(403, "FORBIDDEN");
    let theirs = applicant.read(&here, moved).await;
    assert_eq!(theirs["items"][0]["start"], slot(120, 0)["start"]);
    assert!(theirs["items"][0].get("panel").is_none() && theirs["items"][0].get("kit").is_none());
    applicant.get(&format!("{}/interviews", dmitri.url)).await.refused(404, "NOT_FOUND");

    // A calendar takes it, and takes it back.
    let calendar = format!("{here}/{interview}/calendar");
    let file = applicant.get(&calendar).await;
    file.status(200);
    assert!(file.header("content-type").starts_with("text/calendar"));
    let ics = String::from_utf8(file.bytes).unwrap();
    for line in ["METHOD:REQUEST", "SUMMARY:Interview: Backend Engineer", "STATUS:CONFIRMED"] {
        assert!(ics.lines().any(|l| l == line), "{line} in {ics}");
    }
    assert!(ics.contains(&format!("UID:{interview}@hiresphere")), "{ics}");

    // Nobody reads the others' before their own is in, and the stage is left with both.
    let cards = format!("{}/scorecards", amara.url);
    anns.get(&cards).await.refused(403, "SUBMIT_FIRST");
    let onward = json!({ "to": "offer" });
    let go = format!("{}/move", amara.url);
    admin.post(&go, onward.clone()).await.refused(422, "SCORECARDS_MISSING");
    let card = format!("{at}/scorecard");
    stranger.post(&card, scorecard("yes")).await.refused(403, "NOT_ON_PANEL");
    let half = json!({ "ratings": [{ "skill": "systems", "level": 6 }], "overall": "yes" });
    anns.post(&card, half).await.at_field(422, "VALIDATION", "ratings[0].level");
    send(anns.request(Method::PUT, &card).json(&scorecard("no")))
        .await
        .refused(409, "NOT_SUBMITTED");
    anns.post(&card, scorecard("yes")).await.ok();
    anns.post(&card, scorecard("yes")).await.refused(409, "ALREADY_SUBMITTED");
    bens.get(&cards).await.refused(403, "SUBMIT_FIRST");
    admin.post(&go, onward.clone()).await.refused(422, "SCORECARDS_MISSING");
    bens.post(&card, scorecard("undecided")).await.ok();
    let amended = number(&anns.put(&card, scorecard("strong_yes")).await.ok(), "position");
    let read = bens.read(&cards, amended).await;
    let overall: Vec<String> =
        read["items"].as_array().unwrap().iter().map(|c| text(c, "overall")).collect();
    assert_eq!(overall, ["strong_yes", "undecided"]);
    admin
        .put(&format!("{at}/panel"), json!({ "panel": [ben] }))
        .await
        .refused(409, "ALREADY_SUBMITTED");
    admin.post(&go, onward).await.ok();

    // It is over when it was held, and not before.
    admin.post(&format!("{at}/complete"), json!({})).await.refused(409, "WRONG_STATE");
    clock.shift_by(3 * 3_600);
    let held = position(&admin, &format!("{at}/complete"), json!({})).await;
    admin.post(&format!("{at}/cancel"), json!({})).await.refused(409, "WRONG_STATE");
    let told = summaries(&admin, &amara, held).await;
    for what in ["Scorecard handed in", "Scorecard amended", "Interview held"] {
        assert!(told.iter().any(|t| t == what), "{what} in {told:?}");
    }
    let told = summaries(&applicant, &amara, held).await;
    assert!(
        told.iter().any(|t| t.starts_with("You are invited to an interview: ")
            && t.ends_with("(Europe/Berlin)")),
        "{told:?}"
    );
    assert!(!told.iter().any(|t| t.contains("corecard")), "{told:?}");

    // Somebody who does not come; and what was arranged for an application that ends goes with it.
    let theirs = format!("{}/interviews", dmitri.url);
    let other = text(&admin.read(&theirs, held).await["items"][0], "interview");
    let missed = json!({ "who": "candidate" });
    position(&admin, &format!("/v1/interviews/{other}/no-show"), missed).await;
    let last = text(&admin.post(&theirs, plan(&[&ben], slot(400, 30))).await.status(201), "id");
    let gone =
        position(&server.bearer(&dmitri.token), &format!("{}/withdraw", dmitri.url), json!({}))
            .await;
    let cancelled = heard(&server, gone, "interview.cancelled.v1", &last).await;
    assert_eq!(
        (&cancelled["data"]["by"], &cancelled["actor"]["kind"]),
        (&json!("candidate"), &json!("system"))
    );
    admin.post(&here, plan(&[&ben], slot(400, 30))).await.status(201);
}

/// Waits on the feed for an event of a stream, behind a position.
async fn heard(server: &Server, after: u64, kind: &str, id: &str) -> Value {
    let mut feed = Feed::open(server, &server.token, &format!("after={after}")).await;
    feed.until(|m| is(m, kind, id)).await
}

#[tokio::test]
async fn an_offer_is_approved_as_it_stands_and_fills_an_opening() {
    let clocks = Clocks::new();
    let clock = clocks.clock("server");
    let server = Server::going_by(&clock);
    let admin = server.admin();
    let (job, _) = open_job(&admin, "Backend Engineer").await;
    let (_, recruiter) = member(&server, "recruiter").await;
    let mut people = Vec::new();
    for person in [&AMARA, &DMITRI, &ZOE] {
        people.push(apply(&server, &job, person).await);
    }
    let [amara, dmitri, zoe] = &people[..] else { unreachable!() };
    let applicant = server.bearer(&amara.token);
    let offers = format!("{}/offers", amara.url);
    let terms = |sum: u64| json!({ "pay": { "min": sum, "max": sum, "currency": "GBP", "per": "year" }, "start": "2027-02-01" });
    let until = |days: i64| {
        let at = Utc::now() + TimeDelta::days(days);
        json!({ "expires": at.to_rfc3339_opts(SecondsFormat::Secs, true) })
    };

    // One at a time, approved as it stands.
    recruiter.post(&offers, json!({})).await.at_field(422, "VALIDATION", "text");
    let offer = text(&recruiter.keyed("offer-1", &offers, terms(70_000)).await.status(201), "id");
    let again = recruiter.keyed("offer-1", &offers, terms(70_000)).await.status(201);
    assert_eq!(text(&again, "id"), offer);
    let outstanding = recruiter.post(&offers, terms(1)).await.refused(409, "OFFER_OUTSTANDING");
    assert_eq!(outstanding["existing"], offer.as_str());
    let at = format!("{offers}/{offer}");
    recruiter.post(&format!("{at}/send"), until(7)).await.refused(409, "NOT_APPROVED");
    recruiter.put(&at, terms(72_000)).await.ok();
    recruiter.post(&format!("{at}/approve"), json!({ "v": 1 })).await.refused(409, "STALE_OFFER");
    let approved = position(&admin, &format!("{at}/approve"), json!({ "v": 2 })).await;
    assert_eq!(applicant.read(&offers, approved).await["items"], json!([]), "not sent yet");
    applicant.post(&format!("{at}/accept"), json!({})).await.refused(409, "NOT_SENT");
    recruiter.post(&format!("{at}/send"), until(-1)).await.refused(422, "IN_PAST");
    let sent = position(&recruiter, &format!("{at}/send"), until(7)).await;
    let theirs = applicant.read(&offers, sent).await;
    assert_eq!(theirs["items"][0]["terms"]["pay"]["min"], 72_000);
    let elsewhere = format!("{}/offers/{offer}", dmitri.url);
    recruiter.post(&format!("{elsewhere}/rescind"), json!({})).await.refused(404, "NOT_FOUND");

    // Hired with what was accepted, on an opening that is free.
    let hire = format!("{}/hire", amara.url);
    recruiter.post(&hire, json!({})).await.refused(409, "OFFER_OUTSTANDING");
    let with = json!({ "offer": offer, "start": "2027-02-01" });
    recruiter.post(&hire, with.clone()).await.refused(409, "OFFER_NOT_ACCEPTED");
    applicant.post(&format!("{at}/accept"), json!({})).await.ok();
    let hired = position(&recruiter, &hire, with.clone()).await;
    let shown = admin.read(&amara.url, hired).await;
    assert_eq!(shown["status"], "hired");
    recruiter.post(&format!("{at}/rescind"), json!({})).await.refused(409, "HIRED");
    recruiter.post(&hire, with).await.refused(409, "NOT_ACTIVE");
    recruiter.post(&format!("{}/hire", dmitri.url), json!({})).await.ok();
    recruiter.post(&format!("{}/hire", zoe.url), json!({})).await.refused(409, "NO_OPENING");
    let mut fewer = posting("Backend Engineer");
    fewer["openings"] = json!(1);
    recruiter.put(&format!("/v1/jobs/{job}"), fewer).await.refused(409, "OPENING_FILLED");
    let of_zoe = admin.post(&format!("{}/offers", zoe.url), terms(1)).await.status(201);
    let of_zoe = text(&of_zoe, "id");

    // And back.
    let unhire = format!("{}/unhire", amara.url);
    recruiter.post(&unhire, json!({ "reason": " " })).await.refused(422, "REASON_REQUIRED");
    let why = json!({ "reason": "did not come on the first day" });
    let back = position(&recruiter, &unhire, why.clone()).await;
    recruiter.post(&unhire, why).await.refused(409, "NOT_HIRED");
    assert_eq!(admin.read(&amara.url, back).await["status"], "offer");
    let told = summaries(&applicant, amara, back).await;
    let of_the_end: Vec<&str> = told
        .iter()
        .map(String::as_str)
        .filter(|t| t.contains("offer") || t.contains("hire"))
        .collect();
    assert_eq!(of_the_end.len(), 4, "{told:?}");
    assert_eq!(
        of_the_end[1..],
        [
            "You accepted the offer",
            "You were hired",
            "The hire was taken back; your application is open again"
        ]
    );

    // An offer is answered while there is time.
    let late = text(&recruiter.post(&offers, terms(73_000)).await.status(201), "id");
    let at = format!("{offers}/{late}");
    admin.post(&format!("{at}/approve"), json!({ "v": 1 })).await.ok();
    recruiter.post(&format!("{at}/send"), until(1)).await.ok();
    clock.shift_by(2 * 86_400);
    applicant.post(&format!("{at}/accept"), json!({})).await.refused(409, "EXPIRED");
    heard(&server, back, "offer.expired.v1", &late).await;
    applicant.post(&format!("{at}/decline"), json!({})).await.refused(409, "EXPIRED");
    recruiter.post(&format!("{at}/rescind"), json!({})).await.refused(409, "WRONG_STATE");

    // Whoever is rejected has no offer any more.
    let rejection = json!({ "reason": "somebody else accepted", "category": "position_filled" });
    let rejected = position(&recruiter, &format!("{}/reject", zoe.url), rejection).await;
    heard(&server, rejected, "offer.rescinded.v1", &of_zoe).await;
    let again = recruiter.post(&format!("{}/offers", zoe.url), terms(1)).await;
    again.refused(409, "APPLICATION_REJECTED");
}

#[tokio::test]
async fn an_application_is_held_transferred_and_looked_at_by_a_person() {
    let server = Server::start();
    let admin = server.admin();
    let (job, _) = open_job(&admin, "Backend Engineer").await;
    let (other, _) = open_job(&admin, "Platform Engineer").await;
    let (amara, scored) = crate::scene::scored(&server, &job, &AMARA).await;
    let applicant = server.bearer(&amara.token);

    // On hold.
    let held = json!({ "reason": "the budget", "until": "2027-01-01" });
    let held = position(&admin, &format!("{}/hold", amara.url), held).await;
    assert_eq!(admin.read(&amara.url, held).await["on_hold"], true);
    let go = json!({ "to": "interview" });
    admin.post(&format!("{}/move", amara.url), go.clone()).await.refused(409, "ON_HOLD");
    let resumed = position(&admin, &format!("{}/unhold", amara.url), json!({})).await;
    assert_eq!(admin.read(&amara.url, resumed).await["on_hold"], false);

    // A person's number in the place of a machine's.
    let shown = admin.read(&amara.url, scored).await;
    let (run, was) = (text(&shown, "run"), shown["total"].as_f64().unwrap());
    let here = format!("{}/score", amara.url);
    applicant
        .post(&format!("{here}/dispute"), json!({ "text": "" }))
        .await
        .refused(422, "REASON_REQUIRED");
    applicant.post(&format!("{here}/dispute"), json!({ "text": "I led that team" })).await.ok();
    let over = |total: f64, reason: &str| json!({ "run": run, "total": total, "reason": reason });
    let path = format!("{here}/override");
    applicant.post(&path, over(100.0, "me")).await.refused(403, "FORBIDDEN");
    admin.post(&path, over(100.1, "too much")).await.refused(422, "OUT_OF_RANGE");
    admin.post(&path, over(90.0, " ")).await.refused(422, "REASON_REQUIRED");
    let unknown = json!({ "run": "none", "total": 1.0, "reason": "x" });
    admin.post(&path, unknown).await.refused(404, "NOT_FOUND");
    let overridden = position(&admin, &path, over(99.5, "led the team that built it")).await;
    let shown = admin.read(&amara.url, overridden).await;
    assert_eq!((shown["total"].as_f64(), shown["machine_total"].as_f64()), (Some(99.5), Some(was)));
    let (zoe, position_of_zoe) = crate::scene::scored(&server, &job, &ZOE).await;
    let pool = admin.read(&format!("/v1/jobs/{job}/pool"), position_of_zoe).await;
    assert_eq!(pool["items"][0]["application"], amara.id.as_str(), "ranked by it");

    // To another job, once.
    let transfer = format!("{}/transfer", amara.url);
    let to = json!({ "job": other, "reason": "stronger there" });
    admin.post(&transfer, json!({ "job": NOBODY })).await.at_field(422, "VALIDATION", "job");
    let moved = admin.keyed("transfer-1", &transfer, to.clone()).await;
    let at = number(&moved.status(201), "position");
    let url = moved.header("location").to_owned();
    assert_ne!(url, amara.url);
    let again = admin.keyed("transfer-1", &transfer, to.clone()).await;
    again.status(201);
    assert_eq!(again.header("location"), url);
    admin.post(&transfer, to).await.refused(409, "TERMINAL");
    assert_eq!(admin.read(&amara.url, at).await["status"], "transferred");
    let there = admin.read(&url, at).await;
    assert_eq!((there["job"].as_str(), there["name"].as_str()), (Some(&*other), Some(AMARA.name)));
    let paused = json!({});
    admin.post(&format!("/v1/jobs/{other}/pause"), paused).await.ok();
    let closed = json!({ "job": other });
    admin.post(&format!("{}/transfer", zoe.url), closed).await.refused(409, "JOB_NOT_OPEN");
}

#[tokio::test]
async fn many_are_decided_about_at_once_and_each_by_itself() {
    let server = Server::start();
    let admin = server.admin();
    let (job, _) = open_job(&admin, "Backend Engineer").await;
    let (other, _) = open_job(&admin, "Platform Engineer").await;
    let mut ids = Vec::new();
    for (person, job) in [(&AMARA, &job), (&DMITRI, &job), (&ZOE, &other)] {
        ids.push(apply(&server, job, person).await.id);
    }
    let [amara, dmitri, elsewhere] = &ids[..] else { unreachable!() };
    let path = format!("/v1/jobs/{job}/decisions");
    let many = |who: &[&str], decision: Value| json!({ "applications": who, "decision": decision });
    let done = |answer: &Value| -> Vec<Option<String>> {
        let items = answer["items"].as_array().expect("items").iter();
        items.map(|i| if i["done"] == true { None } else { Some(text(i, "code")) }).collect()
    };
    let not_found = || Some("NOT_FOUND".to_owned());

    // One that is refused keeps no other from being done, and the same again adds nothing.
    let all = [amara.as_str(), dmitri, elsewhere, NOBODY];
    let shortlist = many(&all, json!({ "kind": "shortlist" }));
    let first = admin.keyed("many-1", &path, shortlist.clone()).await.ok();
    assert_eq!(done(&first), [None, None, not_found(), not_found()]);
    assert_eq!(admin.keyed("many-1", &path, shortlist).await.ok(), first);
    let at = number(&first["items"][1], "position");
    let shown = admin.read(&format!("/v1/applications/{dmitri}"), at).await;
    assert_eq!(
        (shown["shortlisted"].as_bool(), shown["version"].as_u64()),
        (Some(true), first["items"][1]["version"].as_u64())
    );

    let reject = json!({ "kind": "reject", "reason": "we went with somebody else", "category": "position_filled" });
    let rejected = admin.post(&path, many(&[amara], reject.clone())).await.ok();
    assert_eq!(done(&rejected), [None]);
    let rest = admin.post(&path, many(&[amara, dmitri], reject)).await.ok();
    assert_eq!(done(&rest), [Some("TERMINAL".to_owned()), None]);
    let nowhere = json!({ "kind": "move", "to": "the_moon" });
    let moved = admin.post(&path, many(&[dmitri], nowhere)).await.ok();
    assert_eq!(done(&moved), [Some("STAGE_NOT_IN_PIPELINE".to_owned())]);

    // Closing decides about whoever is left, in the name of who closes.
    let close = format!("/v1/jobs/{other}/close");
    let closing = |how: Value| json!({ "reason": "the post was cut", "disposition": how });
    admin.post(&close, closing(Value::Null)).await.refused(409, "ACTIVE_APPLICATIONS");
    let closed = position(&admin, &close, closing(json!("rejected"))).await;
    let shown = admin.read(&format!("/v1/applications/{elsewhere}"), closed).await;
    assert_eq!(shown["status"], "rejected");
    admin.post(&close, closing(json!("rejected"))).await.refused(409, "WRONG_STATE");

    let hold = || json!({ "kind": "hold" });
    admin.post(&path, many(&[], hold())).await.at_field(422, "VALIDATION", "applications");
    admin.post(&path, many(&[amara, amara], hold())).await.at_field(
        422,
        "VALIDATION",
        "applications[1]",
    );
    admin.post(&path, many(&[amara], json!({ "kind": "hire" }))).await.refused(422, "VALIDATION");
    let (_, auditor) = member(&server, "auditor").await;
    auditor.post(&path, many(&[amara], hold())).await.refused(403, "AUDITOR_READ_ONLY");
}
