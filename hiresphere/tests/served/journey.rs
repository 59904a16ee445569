//! A job from its draft to its close, with everything that happens to one application in between.

use serde_json::{Value, json};

use crate::client::{Answer, number, text};
use crate::feed::{Feed, is};
use crate::scene::{AMARA, DMITRI, Person, apply, drafted, posting, score_of, scored};
use crate::server::Server;

fn version(answer: &Answer) -> String {
    answer.header("etag").to_owned()
}

#[tokio::test]
async fn a_job_from_draft_to_close() {
    let server = Server::start();
    let admin = server.admin();

    // The job.
    let (job, _) = drafted(&admin, "Backend Engineer").await;
    let at = format!("/v1/jobs/{job}");
    let edited = admin.put(&at, posting("Senior Backend Engineer")).await;
    assert_eq!(edited.ok()["version"], 2);
    assert_eq!(version(&edited), "\"2\"");
    let stage = |id: &str, name: &str, kind: &str| json!({ "id": id, "name": name, "kind": kind });
    let stages = json!({ "stages": [
        stage("submitted", "Submitted", "submitted"),
        stage("screening", "Screening", "screening"),
        stage("tech_talk", "Tech talk", "interviewing"),
        stage("offer", "Offer", "offer"),
        stage("hired", "Hired", "hired"),
    ]});
    admin.put(&format!("{at}/pipeline"), stages).await.ok();
    let early = apply_is_not_found(&server, &job).await;
    early.refused(404, "NOT_FOUND");
    let rubric = json!({ "rubric": "default", "version": 1 });
    admin.put(&format!("{at}/rubric"), rubric).await.ok();
    let until = json!({ "valid_through": "2099-12-31" });
    let published = number(&admin.post(&format!("{at}/publish"), until).await.ok(), "position");
    let shown = admin.read(&at, published).await;
    assert_eq!(shown["title"], "Senior Backend Engineer");
    assert_eq!((shown["status"].as_str(), shown["version"].as_u64()), (Some("open"), Some(5)));
    assert_eq!(shown["pipeline"][2]["id"], "tech_talk");
    let open = server.anonymous().read("/v1/open-jobs", published).await;
    assert_eq!(open["items"][0]["job"], job.as_str());
    assert_eq!(server.anonymous().get(&format!("/v1/open-jobs/{job}")).await.ok()["job"], job);

    // Two people apply without an account.
    let (amara, _) = scored(&server, &job, &AMARA).await;
    let dmitri = apply(&server, &job, &DMITRI).await;
    // Whoever was just answered their address may look there at once.
    let at_once = server.bearer(&dmitri.token).get(&dmitri.url).await.ok();
    assert_eq!(at_once["application"], dmitri.id.as_str());
    let here = &amara.url;
    let position = score_of(&server, &dmitri).await;
    let pool = admin.read(&format!("{at}/pool"), position).await;
    let items = pool["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!((items[0]["rank"].as_u64(), items[1]["rank"].as_u64()), (Some(1), Some(2)));
    assert!(items[0]["total"].as_f64() >= items[1]["total"].as_f64());
    let row = items.iter().find(|i| i["application"] == amara.id.as_str()).unwrap();
    assert_eq!((&row["name"], &row["email"]), (&json!(AMARA.name), &json!(AMARA.email)));
    let other = items.iter().find(|i| i["application"] == dmitri.id.as_str()).unwrap();
    assert_eq!(other["flags"].as_array().map(Vec::len), Some(1), "his hidden text: {other}");

    // Why.
    let detail = admin.get(here).await;
    let detail = detail.ok();
    assert_eq!(detail["job_title"], "Senior Backend Engineer");
    let criteria = detail["criteria"].as_array().unwrap();
    let points: f64 = criteria.iter().map(|c| c["points"].as_f64().unwrap()).sum();
    assert!((points - detail["total"].as_f64().unwrap()).abs() < 0.05, "{detail}");
    for criterion in criteria {
        let quoted = criterion["evidence"].as_array().is_some_and(|e| !e.is_empty());
        assert!(quoted || criterion["points"].as_f64() == Some(0.0), "{criterion}");
        assert!(!text(criterion, "rationale").is_empty());
    }
    let candidate = text(row, "candidate");
    let person = admin.get(&format!("/v1/candidates/{candidate}")).await.ok();
    assert_eq!(person["applications"][0]["application"], amara.id.as_str());
    assert_eq!(person["resumes"][0]["file"], "Amara_Okafor_CV.pdf");
    assert_eq!(person["resumes"][0]["state"], "parsed");
    let found = admin.get("/v1/candidates?q=okafor").await.ok();
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(counted(&admin.get(&format!("{at}/counters")).await.ok(), "submitted"), 2);

    // Decisions, on what was shown.
    let seen = |row: &Value, position: u64| json!({ "position": position, "run": row["run"], "rank": row["rank"] });
    let post = |what: &str, body: Value| {
        let (admin, path) = (admin.clone(), format!("{here}/{what}"));
        async move { number(&admin.post(&path, body).await.ok(), "position") }
    };
    let shortlisted =
        post("shortlist", json!({ "seen": seen(row, number(&pool, "position")) })).await;
    let moved = post("move", json!({ "to": "tech_talk", "reason": "worth an hour" })).await;
    let noted = post("notes", json!({ "text": "Knows Kafka well", "visibility": "team" })).await;
    let rejection = json!({ "reason": "we went with somebody else", "category": "position_filled",
        "note": "close call" });
    let rejected = post("reject", rejection).await;
    assert_eq!(admin.read(here, rejected).await["status"], "rejected");
    let back = post("unreject", json!({ "reason": "the other one declined" })).await;
    assert_eq!(admin.read(here, back).await["stage"], "tech_talk");
    assert!(shortlisted < moved && moved < noted && noted < rejected);
    let counters = admin.get(&format!("{at}/counters")).await.ok();
    assert_eq!((counted(&counters, "submitted"), counted(&counters, "tech_talk")), (1, 1));

    // Each decision stands on what the log gives.
    let decisions = admin.get(&format!("{here}/decisions")).await.ok();
    let decisions = decisions["items"].as_array().unwrap().clone();
    let positions: Vec<u64> = decisions.iter().map(|d| number(d, "position")).collect();
    assert_eq!(positions, [shortlisted, moved, rejected]);
    for position in positions {
        let replayed = admin.get(&format!("{here}/decisions/{position}")).await.ok();
        assert_eq!(replayed["equal"], true, "{replayed}");
        assert!(replayed["rebuilt"]["criteria"].as_array().is_some_and(|c| !c.is_empty()));
    }
    let mut wrong = seen(other, number(&pool, "position"));
    wrong["rank"] = json!(7);
    let path = format!("{}/shortlist", dmitri.url);
    let wrong = number(&admin.post(&path, json!({ "seen": wrong })).await.ok(), "position");
    let replayed = admin.get(&format!("{}/decisions/{wrong}", dmitri.url)).await.ok();
    assert_eq!(replayed["equal"], false);
    let difference = &replayed["differences"][0];
    assert_eq!((&difference["field"], &difference["recorded"]), (&json!("rank"), &json!(7)));

    // The applicant ends it.
    let applicant = server.bearer(&amara.token);
    let bye =
        applicant.post(&format!("{here}/withdraw"), json!({ "reason": "found another" })).await;
    let bye = number(&bye.ok(), "position");
    assert_eq!(applicant.read(here, bye).await["status"], "withdrawn");
    let told = applicant.get(&format!("{here}/timeline")).await.ok();
    assert!(told["items"].as_array().is_some_and(|t| t.len() >= 5), "{told}");
    let story = admin.get(&format!("{here}/timeline")).await.ok();
    let kinds: Vec<&str> =
        story["items"].as_array().unwrap().iter().map(|t| t["type"].as_str().unwrap()).collect();
    for kind in [
        "application.submitted.v1",
        "candidate.resume_text_extracted.v1",
        "application.score_recorded.v1",
        "application.shortlisted.v1",
        "application.stage_changed.v1",
        "application.note_added.v1",
        "application.rejected.v1",
        "application.rejection_reversed.v1",
        "application.withdrawn.v1",
    ] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }

    // The job closes.
    let reason = json!({ "reason": "no budget", "disposition": "keep_for_review" });
    let closed = number(&admin.post(&format!("{at}/close"), reason).await.ok(), "position");
    assert_eq!(admin.read(&at, closed).await["status"], "closed");
    let gone = server.anonymous().get(&format!("/v1/open-jobs/{job}")).await;
    gone.refused(404, "NOT_FOUND");
    let ready = server.anonymous().get("/readyz").await.ok();
    assert_eq!((&ready["ready"], &ready["failing"]), (&json!(true), &json!({})));
}

/// Nobody applies to a draft, nor learns that there is one.
async fn apply_is_not_found(server: &Server, job: &str) -> Answer {
    let form = crate::scene::form(&AMARA, b"# Amara Okafor\n\nEngineer\n".to_vec());
    crate::scene::hand_in(&server.anonymous(), job, form).await
}

fn counted(counters: &Value, stage: &str) -> u64 {
    let stages = counters["stages"].as_array().unwrap();
    let stage = stages.iter().find(|s| s["stage"] == stage);
    let stage = stage.unwrap_or_else(|| panic!("no stage in {counters}"));
    stage["statuses"].as_object().unwrap().values().filter_map(Value::as_u64).sum()
}

#[tokio::test]
async fn what_cannot_be_read_is_unscorable_and_another_resume_mends_it() {
    const LUCIA: Person =
        Person { name: "Lucía Fernández", email: "lucia.f@example.com", file: "" };
    let server = Server::start();
    let admin = server.admin();
    let (job, _) = crate::scene::open_job(&admin, "Head Chef").await;
    let mut feed = Feed::open(&server, &server.token, &format!("job={job}")).await;
    let mut all = Feed::open(&server, &server.token, "").await;
    let empty = crate::scene::form(&LUCIA, testkit::pdf::simple(&[]));
    let applied = crate::scene::hand_in(&server.anonymous(), &job, empty).await;
    let applied = crate::scene::applied(&applied);
    let failed = all.until(|m| m["type"] == "candidate.resume_extraction_failed.v1").await;
    let row = admin.read(&applied.url, number(&failed, "position")).await;
    assert_eq!(row["outcome"], "unscorable", "{row}");
    let asked = admin.post(&format!("{}/score", applied.url), json!({})).await;
    asked.refused(409, "UNSCORABLE");

    let candidate = text(&row, "candidate");
    let resume = crate::scene::sample("head-chef/Lucía Fernández - CV 2026.pdf");
    let part = reqwest::multipart::Part::bytes(resume).file_name("cv.pdf");
    let path = format!("/v1/candidates/{candidate}/resumes");
    let request = admin.request(reqwest::Method::POST, &path);
    let form = reqwest::multipart::Form::new().part("resume", part);
    let attached = crate::client::send(request.multipart(form)).await.status(202);
    let person =
        admin.read(&format!("/v1/candidates/{candidate}"), number(&attached, "position")).await;
    let document = text(&person["resumes"][1], "document");
    let body = json!({ "document": document });
    admin.put(&format!("{}/resume", applied.url), body).await.ok();
    let score = feed.until(|m| is(m, "application.score_recorded.v1", &applied.id)).await;
    let row = admin.read(&applied.url, number(&score, "position")).await;
    assert_eq!((&row["outcome"], &row["file"]), (&json!("scored"), &json!("cv.pdf")));
    let unknown = json!({ "document": crate::scene::NOBODY });
    admin.put(&format!("{}/resume", applied.url), unknown).await.refused(409, "RESUME_MISSING");
}
