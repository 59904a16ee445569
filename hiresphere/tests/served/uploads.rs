//! Uploads that are too large, too slow, empty or something else than a resume.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream;
use reqwest::Body;
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::number;
use crate::scene::{AMARA, ZOE, applied, form, hand_in, open_job, sample};
use crate::server::Server;

const MEGABYTE: u64 = 1024 * 1024;

/// A part of so many bytes, made as it is sent.
fn large(bytes: u64, known: bool) -> Part {
    let chunk = Bytes::from(vec![b'a'; MEGABYTE as usize]);
    let chunks =
        stream::iter((0..bytes / MEGABYTE).map(move |_| Ok::<_, std::io::Error>(chunk.clone())));
    let body = Body::wrap_stream(chunks);
    let part = if known { Part::stream_with_length(body, bytes) } else { Part::stream(body) };
    part.file_name("cv.txt")
}

#[tokio::test]
async fn too_large_is_said_to_whoever_is_busy_sending() {
    let server = Server::start();
    let (job, _) = open_job(&server.admin(), "Engineer").await;
    let api = server.anonymous();
    let person = || Form::new().text("name", "Ada").text("email", "ada@example.org");
    for known in [true, false] {
        let form = person().part("resume", large(200 * MEGABYTE, known));
        hand_in(&api, &job, form).await.refused(413, "TOO_LARGE");
    }
    // Whoever is refused for something else while they send reads that, too.
    let form = person().part("resume", large(200 * MEGABYTE, true));
    hand_in(&api, crate::scene::NOBODY, form).await.refused(413, "TOO_LARGE");
    let path = format!("/v1/candidates/{}/resumes", crate::scene::NOBODY);
    let form = Form::new().part("resume", large(200 * MEGABYTE, true));
    let request = api.request(reqwest::Method::POST, &path).multipart(form);
    crate::client::send(request).await.refused(401, "UNAUTHENTICATED");
    let text = person().text("answers", "x".repeat(100_000));
    hand_in(&api, &job, text.part("resume", Part::bytes(sample(AMARA.file)).file_name("cv.pdf")))
        .await
        .refused(413, "TOO_LARGE");
    // The largest that may be is read to its last byte: of no type that is read, here.
    let form =
        person().part("resume", Part::bytes(vec![0; 10 * MEGABYTE as usize]).file_name("cv"));
    let answer = hand_in(&api, &job, form).await;
    answer.refused(415, "UNSUPPORTED_TYPE");
    // And the same line serves on.
    applied(&hand_in(&api, &job, form_of(&AMARA)).await);
}

fn form_of(person: &crate::scene::Person) -> Form {
    form(person, sample(person.file))
}

#[tokio::test]
async fn what_is_no_resume_is_refused_by_what_is_in_it() {
    let server = Server::start();
    let admin = server.admin();
    let (job, _) = open_job(&admin, "Engineer").await;
    let api = server.anonymous();
    let head = number(&api.get("/readyz").await.ok(), "head");
    hand_in(&api, &job, form(&AMARA, vec![])).await.at_field(422, "VALIDATION", "resume");
    let mut program = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00".to_vec();
    program.extend_from_slice(&[0; 4096]);
    let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".to_vec();
    let elf = b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00".to_vec();
    for bytes in [program, gif, elf, vec![0; 100]] {
        let answer = hand_in(&api, &job, form(&AMARA, bytes)).await;
        answer.at_field(415, "UNSUPPORTED_TYPE", "resume");
    }
    assert_eq!(number(&api.get("/readyz").await.ok(), "head"), head, "nothing was written");
    // A name that lies is no matter.
    let part = Part::bytes(sample(ZOE.file)).file_name("../../etc/Zoë \"passwd\".exe");
    let form = Form::new().text("name", ZOE.name).text("email", ZOE.email).part("resume", part);
    let mine = applied(&hand_in(&api, &job, form).await);
    let score = crate::scene::score_of(&server, &mine).await;
    assert_eq!(admin.read(&mine.url, score).await["outcome"], "scored");
    let resume = admin.get(&format!("{}/resume", mine.url)).await;
    assert_eq!(resume.header("content-type"), "application/pdf");
    let name = "attachment; filename*=UTF-8''..%2F..%2Fetc%2FZo%C3%AB%20%22passwd%22.exe";
    assert_eq!(resume.header("content-disposition"), name);
}

/// Says half of a request and waits for what comes back.
async fn half(server: &Server, head: &str, body: &[u8]) -> (String, Value) {
    let mut line = TcpStream::connect(&server.address).await.unwrap();
    let host = &server.address;
    let head = format!("{head}\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\r\n", server.token);
    line.write_all(head.as_bytes()).await.unwrap();
    line.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), line.read_to_end(&mut answer)).await;
    read.expect("the line is closed").unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_lowercase(), serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test]
async fn a_body_that_takes_too_long_is_not_waited_for() {
    let server = Server::with(&["--body-seconds", "1"]);
    let (job, _) = open_job(&server.admin(), "Engineer").await;
    let json = "POST /v1/jobs HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100";
    let form = format!(
        "POST /v1/jobs/{job}/applications HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n\
         Transfer-Encoding: chunked"
    );
    let part = "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAda";
    let chunk = format!("{:x}\r\n{part}\r\n", part.len());
    let started = Instant::now();
    let (one, two) =
        tokio::join!(half(&server, json, b"{\"title\":"), half(&server, &form, chunk.as_bytes()));
    for (head, problem) in [one, two] {
        assert!(head.starts_with("http/1.1 408"), "{head}");
        assert!(head.contains("application/problem+json") && head.contains("connection: close"));
        assert_eq!(problem["code"], "BODY_TOO_SLOW");
    }
    // Whoever is refused before is not waited for any longer either.
    let refused = "POST /v1/nowhere HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 100";
    let (head, problem) = half(&server, refused, b"x").await;
    assert!(head.starts_with("http/1.1 404") && head.contains("connection: close"), "{head}");
    assert_eq!(problem["code"], "NOT_FOUND");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());

    // Somebody who asks before they send is answered before they have sent.
    let asking = "POST /v1/candidates/x/resumes HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n\
                  Expect: 100-continue\r\nContent-Length: 200000000";
    let (head, problem) = half(&server, asking, b"").await;
    assert!(!head.starts_with("http/1.1 100"), "{head}");
    assert_eq!(problem["code"], "NOT_FOUND");

    // The others are served.
    applied(&hand_in(&server.anonymous(), &job, form_of(&AMARA)).await);
}
