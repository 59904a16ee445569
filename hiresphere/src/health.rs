//! `hiresphere health`: asks a running server, for those who have no other client, such as a container.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::cli::HealthArgs;
use crate::failure::Failure;
use crate::out;

const ANSWER: Duration = Duration::from_secs(5);

pub(crate) async fn run(args: &HealthArgs) -> Result<(), Failure> {
    let wrong = |why: &str| {
        let message = format!("`{}` {why}", args.url);
        Failure::new("URL", message, "for example --url http://127.0.0.1:8080/readyz")
    };
    let rest =
        args.url.strip_prefix("http://").ok_or_else(|| wrong("does not begin with http://"))?;
    let (host, path) = rest.split_once('/').ok_or_else(|| wrong("has no path"))?;
    let asked = tokio::time::timeout(ANSWER, ask(host, path));
    let answer = match asked.await {
        Ok(answer) => answer.map_err(|e| Failure::io(&format!("ask {}", args.url), &e))?,
        Err(_) => return Err(Failure::new("TIMED_OUT", "no answer within five seconds", "")),
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or("?");
    if status == "200" {
        return out::print(&format!("{body}\n"));
    }
    Err(Failure::new("NOT_READY", format!("it answered {status}: {body}"), "its log says why"))
}

async fn ask(host: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(host).await?;
    let request = format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(65_536).read_to_string(&mut answer).await?;
    Ok(answer)
}
