//! Servers that are away: without a bus writes go on, without a database they are refused.

use serde_json::Value;
use testkit::servers::Postgres;

use super::cluster::Servers;
use super::load::Server;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bus_writes_go_on_and_without_a_database_they_are_refused() {
    let mut postgres = Postgres::start();
    let mut servers = Servers::at(postgres.database().await);
    let mut server = Server::spawn(servers.command(&["serve", "--listen", "127.0.0.1:0"]));
    let (address, token) = server.says_where().await;
    let token = token.expect("the first start makes one");
    testkit::servers::tls();
    let http = reqwest::Client::new();
    let draft = |key: &str| {
        let posting = serde_json::json!({ "title": "Nurse", "description": "Wards." });
        let request = http.post(format!("http://{address}/v1/jobs")).json(&posting);
        let request = request.bearer_auth(&token).header("idempotency-key", key);
        async move {
            let answer = request.send().await.expect("an answer");
            let wait = answer.headers().get("retry-after").is_some();
            let status = answer.status().as_u16();
            (status, wait, answer.json::<Value>().await.expect("JSON"))
        }
    };
    let (status, _, first) = draft("one").await;
    assert_eq!(status, 201, "{first}");
    servers.nats.kill();
    let (status, _, without_bus) = draft("two").await;
    assert_eq!(status, 201, "{without_bus}");
    assert!(without_bus["position"].as_u64() > first["position"].as_u64(), "numbered all the same");

    postgres.kill();
    let (status, wait, refused) = draft("three").await;
    assert_eq!((status, wait, &refused["code"]), (503, true, &"DATABASE_UNAVAILABLE".into()));
    postgres.restart();
    servers.nats.restart();
    let third = loop {
        let (status, _, answer) = draft("three").await;
        if status == 201 {
            break answer;
        }
        assert_eq!(status, 503, "{answer}");
    };
    let (status, _, again) = draft("three").await;
    assert_eq!((status, &again["id"], &again["position"]), (201, &third["id"], &third["position"]));
    // Everything catches up: the page is given once the read models hold the last write.
    let url = format!("http://{address}/v1/jobs?min_position={}", third["position"]);
    let page = http.get(url).bearer_auth(&token).send().await.expect("an answer");
    let page: Value = page.json().await.expect("JSON");
    assert_eq!(page["items"].as_array().map(Vec::len), Some(3), "{page}");
}
