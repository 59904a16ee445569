//! A real server on a data folder and clients that outlive it: asked again until it answers, its feed followed
//! from where it stopped. Shared by tests and benches that start, kill and load `hiresphere serve`.

#![allow(dead_code, clippy::print_stderr, reason = "each binary uses its part, some by hand")]

pub(crate) mod feed;
pub(crate) mod people;

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::watch;

/// Where the server is at the moment: nowhere between its end and its next start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Site {
    /// Starts so far.
    pub(crate) start: u64,
    /// Host and port.
    pub(crate) address: Option<String>,
}

/// A data folder, who serves it and who may ask.
pub(crate) struct Place {
    folder: TempDir,
    token: Option<Arc<str>>,
    site: watch::Sender<Site>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::within(&std::env::temp_dir())
    }

    /// A data folder somewhere else than on the usual disk.
    pub(crate) fn within(folder: &std::path::Path) -> Self {
        let folder = tempfile::tempdir_in(folder).expect("a folder");
        Self { folder, token: None, site: watch::Sender::default() }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// How the server is started.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hiresphere"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(self.data());
        command
    }

    /// Starts the server and waits until it says where it is.
    pub(crate) async fn serve(&mut self) -> Server {
        let command = self.command();
        self.serve_by(command).await
    }

    /// As [`Self::serve`], started in another way.
    pub(crate) async fn serve_by(&mut self, command: Command) -> Server {
        let mut server = Server::spawn(command);
        let (address, token) = server.says_where().await;
        self.token = token.map(Arc::from).or(self.token.take());
        server.address.clone_from(&address);
        self.site.send_modify(|site| {
            *site = Site { start: site.start + 1, address: Some(address) };
        });
        server
    }

    /// Kills the server: SIGKILL, no handler runs.
    pub(crate) async fn kill(&self, mut server: Server) {
        self.site.send_modify(|site| site.address = None);
        server.child.kill().await.expect("it is killed");
    }

    pub(crate) fn site(&self) -> watch::Receiver<Site> {
        self.site.subscribe()
    }

    pub(crate) fn token(&self) -> Arc<str> {
        self.token.clone().expect("it was started")
    }

    pub(crate) fn asker(&self) -> Asker {
        Asker::at(self.site(), self.token())
    }

    /// `hiresphere rebuild --json` over the folder, which nobody serves.
    pub(crate) async fn rebuild(&self) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hiresphere"));
        command.args(["rebuild", "--json", "--data"]).arg(self.data());
        let Output { status, stdout, stderr } = command.output().await.expect("it runs");
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        serde_json::from_slice(&stdout).expect("a line of JSON")
    }
}

/// A server process.
pub(crate) struct Server {
    pub(crate) child: Child,
    /// Host and port.
    pub(crate) address: String,
    says: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts the process, and waits for nothing.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("it starts");
        let says = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, address: String::new(), says }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Its address, and the first admin token when this start made it.
    pub(crate) async fn says_where(&mut self) -> (String, Option<String>) {
        let mut token = None;
        loop {
            let line = self.says.next_line().await.expect("its output");
            let line = line.expect("it says where it serves before it ends");
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (Some("serving"), Some(url)) => {
                    let address = url.strip_prefix("http://").expect("an address");
                    return (address.to_owned(), token);
                }
                (Some(word), None) if word.starts_with("hst_") => token = Some(word.to_owned()),
                _ => {}
            }
        }
    }
}

/// Asks a server, and the next one on the same folder when this one ends.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) http: Client,
    site: watch::Receiver<Site>,
    token: Arc<str>,
}

impl Asker {
    /// Asks whoever is there, with a token.
    pub(crate) fn at(site: watch::Receiver<Site>, token: Arc<str>) -> Self {
        testkit::servers::tls();
        Self { http: Client::new(), site, token }
    }

    /// Asks until somebody answers: a server that ends without an answer is asked again when it is back.
    pub(crate) async fn ask(
        &self,
        request: impl Fn(&Client, &str) -> RequestBuilder,
    ) -> (StatusCode, Value) {
        let (status, body) = self.answer(request).await;
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn answer(
        &self,
        request: impl Fn(&Client, &str) -> RequestBuilder,
    ) -> (StatusCode, Bytes) {
        let mut site = self.site.clone();
        let mut asked = (0, 0);
        loop {
            let Site { start, address } =
                site.wait_for(|s| s.address.is_some()).await.expect("a server").clone();
            let url = format!("http://{}", address.expect("an address"));
            match self.once(request(&self.http, &url)).await {
                Ok(answer) => return answer,
                // A connection that was kept may have gone; a second time it is the server.
                Err(_) if asked != (start, 1) => asked = (start, 1),
                Err(_) => {
                    site.wait_for(|s| s.start > start).await.expect("a server");
                }
            }
        }
    }

    async fn once(&self, request: RequestBuilder) -> reqwest::Result<(StatusCode, Bytes)> {
        let response = request.bearer_auth(&self.token).send().await?;
        Ok((response.status(), response.bytes().await?))
    }

    /// What stands there, when it is not JSON.
    pub(crate) async fn text(&self, path: &str) -> (StatusCode, String) {
        let (status, body) = self.answer(|http, url| http.get(format!("{url}{path}"))).await;
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask(|http, url| http.get(format!("{url}{path}"))).await
    }

    async fn done(&self, request: impl Fn(&Client, &str) -> RequestBuilder) -> Value {
        let (status, answer) = self.ask(request).await;
        assert!(status.is_success(), "{status} {answer}");
        answer
    }

    /// Opens a job; answers its id.
    pub(crate) async fn open_job(&self) -> String {
        let posting = json!({
            "title": "Data Engineer",
            "description": "Build and run our data pipelines.",
            "requirements": [
                { "text": "Python" }, { "text": "SQL and PostgreSQL" }, { "text": "Apache Spark" },
                { "text": "3+ years of experience" }, { "text": "Kubernetes", "must_have": false },
            ],
        });
        let job = self.done(|http, url| http.post(format!("{url}/v1/jobs")).json(&posting)).await;
        let job = job["id"].as_str().expect("an id").to_owned();
        let rubric = json!({ "rubric": "default", "version": 1 });
        self.done(|http, url| http.put(format!("{url}/v1/jobs/{job}/rubric")).json(&rubric)).await;
        self.done(|http, url| http.post(format!("{url}/v1/jobs/{job}/publish"))).await;
        job
    }

    /// Applies as somebody, under a key of their own.
    pub(crate) async fn apply(&self, job: &str, person: &people::Person) -> (StatusCode, Value) {
        let mut site = self.site.clone();
        site.wait_for(|s| s.address.is_some()).await.expect("a server");
        self.ask(|http, url| {
            http.post(format!("{url}/v1/jobs/{job}/applications"))
                .header("idempotency-key", person.email.as_str())
                .multipart(person.form())
        })
        .await
    }

    /// Applies; it must be accepted. Answers the application's id.
    pub(crate) async fn applied(&self, job: &str, person: &people::Person) -> String {
        let (status, answer) = self.apply(job, person).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer["id"].as_str().expect("an id").to_owned()
    }
}

/// A size of a test or bench, by the environment.
pub(crate) fn size(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// Numbers that nobody foresaw (xorshift64); `HIRESPHERE_SEED` gives the same ones again.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.map_or(1, |since| since.subsec_nanos() as usize);
        let seed = size("HIRESPHERE_SEED", now).max(1);
        eprintln!("HIRESPHERE_SEED={seed}");
        Self(seed as u64)
    }

    /// 1 to `to`.
    pub(crate) fn up_to(&mut self, to: u64) -> u64 {
        for shift in [13_i32, -7, 17] {
            self.0 ^= if shift > 0 { self.0 << shift } else { self.0 >> -shift };
        }
        self.0 % to.max(1) + 1
    }

    /// This many numbers of 1 to `to`, in order.
    pub(crate) fn moments(&mut self, count: usize, to: u64) -> Vec<u64> {
        let mut moments: Vec<u64> = (0..count).map(|_| self.up_to(to)).collect();
        moments.sort_unstable();
        moments
    }
}
