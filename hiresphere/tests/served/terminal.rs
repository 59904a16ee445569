//! The command line beside a running server: `tail`, `replay` and `token` while `serve` holds the folder.

use std::io::{BufRead as _, BufReader};
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::client::number;
use crate::scene::{AMARA, DMITRI, open_job, scored};
use crate::server::Server;

fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|l| serde_json::from_str(l).expect("a JSON line")).collect()
}

#[tokio::test]
async fn decisions_are_replayed_while_the_server_runs() {
    let server = Server::start();
    let admin = server.admin();
    let (job, _) = open_job(&admin, "Backend Engineer").await;
    let (amara, _) = scored(&server, &job, &AMARA).await;
    let (dmitri, position) = scored(&server, &job, &DMITRI).await;
    let none = server.run(&["replay", &amara.id, "--json"]);
    assert!(none.status.success() && none.stdout.is_empty());

    admin.read(&amara.url, position).await;
    admin.post(&format!("{}/shortlist", amara.url), json!({})).await.ok();
    let equal = server.run(&["replay", &amara.id, "--json"]);
    assert!(equal.status.success(), "{}", String::from_utf8_lossy(&equal.stderr));
    let equal = lines(&equal);
    assert_eq!(equal.len(), 1);
    assert_eq!((&equal[0]["equal"], &equal[0]["decision"]), (&json!(true), &equal[0]["decision"]));
    assert_eq!(equal[0]["rebuilt"]["row"]["application"], amara.id.as_str());

    let row = admin.get(&dmitri.url).await.ok();
    let seen = json!({ "position": row["read_at"], "run": row["run"], "rank": 9 });
    let rejection = json!({ "reason": "no", "category": "skills", "seen": seen });
    admin.post(&format!("{}/reject", dmitri.url), rejection).await.ok();
    let differs = server.run(&["replay", &dmitri.id, "--json"]);
    assert_eq!(differs.status.code(), Some(1));
    assert_eq!(lines(&differs)[0]["differences"][0]["field"], "rank");
    let said: Value = serde_json::from_slice(&differs.stderr).unwrap();
    assert_eq!(said["error"]["code"], "REPLAY_DIFFERS");
    let told = String::from_utf8(server.run(&["replay", &dmitri.id]).stdout).unwrap();
    assert!(told.contains("DIFFERS") && told.contains("rank: recorded 9"), "{told}");
    let unknown = server.run(&["replay", crate::scene::NOBODY]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("NO_SUCH_APPLICATION"));

    // What holds the folder is still there, and nobody else gets it.
    let second = server.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1), "{}", String::from_utf8_lossy(&second.stderr));
    server.anonymous().get("/readyz").await.ok();
}

#[tokio::test]
async fn tail_tells_the_whole_log_and_goes_on() {
    let server = Server::start();
    let admin = server.admin();
    let mut tail = server
        .beside(&["tail", "--json", "--after", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&told.next().unwrap().unwrap()).unwrap() };
    let (first, second) = (next(), next());
    assert_eq!((number(&first, "position"), number(&second, "position")), (1, 2));
    assert_eq!(second["type"], "model_release.registered.v1");
    let (job, published) = open_job(&admin, "Backend Engineer").await;
    let mut expected = 3;
    loop {
        let message = next();
        assert_eq!(number(&message, "position"), expected, "no gap, no double");
        expected += 1;
        if number(&message, "position") == published {
            assert_eq!(message["type"], "job.published.v1");
            assert_eq!(message["stream"], format!("job-{job}"));
            break;
        }
    }
    tail.kill().unwrap();
    tail.wait().unwrap();

    let mistyped = server.run(&["tail", "--json", "--type", "job.publishd.v1"]);
    let said: Value = serde_json::from_slice(&mistyped.stderr).unwrap();
    assert_eq!(said["error"]["code"], "BAD_PARAMETER");
}

#[tokio::test]
async fn tokens_are_issued_listed_and_revoked_while_the_server_runs() {
    let server = Server::start();
    let issued = server.run(&["token", "issue", "--role", "recruiter", "--name", "Ada"]);
    assert!(issued.status.success());
    let secret = String::from_utf8(issued.stdout).unwrap().trim().to_owned();
    let recruiter = server.bearer(&secret);
    recruiter.get("/v1/jobs").await.ok();
    recruiter.get("/v1/tokens").await.refused(403, "FORBIDDEN");

    let listed = server.run(&["token", "list", "--json"]);
    let text = String::from_utf8(listed.stdout.clone()).unwrap();
    assert!(!text.contains(&secret) && !text.contains(&server.token), "never a secret");
    let rows = lines(&listed);
    let row = rows.iter().find(|r| r["name"] == "Ada").unwrap();
    assert_eq!((rows.len(), &row["role"]), (2, &json!("recruiter")));
    assert_eq!(server.admin().get("/v1/tokens").await.ok()["items"], json!(rows));

    // A tail that follows with it ends by itself, and says why.
    let mut tail = server.beside(&["tail", "--json", "--after", "0"]);
    tail.env("HIRESPHERE_TOKEN", &secret).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut tail = tail.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(tail.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    let id = row["id"].as_str().unwrap();
    assert!(server.run(&["token", "revoke", id]).status.success());
    recruiter.get("/v1/jobs").await.refused(401, "UNAUTHENTICATED");
    let ended = tail.wait_with_output().unwrap();
    let said: Value = serde_json::from_slice(&ended.stderr).unwrap();
    assert_eq!(said["error"]["code"], "REVOKED");
    let again = server.run(&["token", "revoke", id]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("error[NOT_FOUND]"));
}

#[tokio::test]
async fn asked_to_end_it_ends_and_tells_who_follows() {
    let mut server = Server::start();
    let mut feed = crate::feed::Feed::open(&server, &server.token, "").await;
    let mut events = crate::feed::Events::open(&server.admin(), "", &[]).await;
    assert!(server.end().success());
    assert_eq!(feed.closed().await, (1001, "GOING_AWAY".into()));
    let end = events.next().await.expect("a reason");
    assert_eq!((end.name.as_deref(), &end.data["code"]), (Some("end"), &json!("GOING_AWAY")));
    assert_eq!(events.next().await, None);
}
