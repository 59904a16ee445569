//! A stand-in for a mail server: speaks SMTP (RFC 5321) on a real port, keeps what it took, and fails as mail servers do.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Mail {
    /// 0, 1, 2... in the order in which they came.
    pub n: usize,
    /// Whom it is from, by the envelope.
    pub from: String,
    /// Whom it is for, by the envelope.
    pub to: Vec<String>,
    /// Headers and body, without the dots that the protocol adds.
    pub text: String,
}

impl Mail {
    /// A header, unfolded; empty when it is missing.
    pub fn header(&self, name: &str) -> String {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let start = format!("{}:", name.to_ascii_lowercase());
        let line = unfolded.lines().find(|line| line.to_ascii_lowercase().starts_with(&start));
        line.map(|line| line[start.len()..].trim().to_owned()).unwrap_or_default()
    }
}

/// What the stand-in does with a message.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// Takes it.
    It,
    /// Answers the end of the message so: `451 try later`.
    Not(&'static str),
    /// Answers the recipient so: `550 no such user`.
    NotForThem(&'static str),
    /// Takes it and closes the connection without a word.
    AndBreaks,
}

type Script = dyn Fn(&Mail) -> Takes + Send + Sync;

/// A running stand-in; it ends when it is dropped.
pub struct MailServer {
    /// What a client is told: `smtp://127.0.0.1:port`.
    pub url: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    script: Box<Script>,
    came: Mutex<Vec<Mail>>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl MailServer {
    /// Starts one that answers by `script`; of a recipient it is asked with an empty text.
    pub async fn start(script: impl Fn(&Mail) -> Takes + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared { script: Box::new(script), came: Mutex::default() });
        let sharing = shared.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = sharing.clone();
                // A client that hangs up is done.
                tokio::spawn(async move { drop(talk(stream, &shared).await) });
            }
        });
        Self { url: format!("smtp://{address}"), shared, serving }
    }

    /// Every message so far whose text came, whatever was answered.
    pub fn came(&self) -> Vec<Mail> {
        self.shared.came.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn talk(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 stand-in ESMTP\r\n").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let asked = line.trim_end().to_owned();
        let verb = asked.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let address = || {
            let inside = asked.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
            inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
        };
        let answer = match verb.as_str() {
            "EHLO" | "HELO" => "250-stand-in\r\n250-8BITMIME\r\n250 SMTPUTF8".to_owned(),
            "MAIL" => {
                (from, to) = (address(), Vec::new());
                "250 ok".to_owned()
            }
            "RCPT" => {
                let asked =
                    Mail { n: 0, from: from.clone(), to: vec![address()], text: String::new() };
                match (shared.script)(&asked) {
                    Takes::NotForThem(answer) => answer.to_owned(),
                    _ => {
                        to.push(address());
                        "250 ok".to_owned()
                    }
                }
            }
            "DATA" if to.is_empty() => "503 nobody to send it to".to_owned(),
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let text = data(&mut stream).await?;
                let mail = {
                    let mut came = shared.came.lock().unwrap_or_else(PoisonError::into_inner);
                    let n = came.len();
                    came.push(Mail { n, from: from.clone(), to: to.clone(), text });
                    came.last().expect("one").clone()
                };
                match (shared.script)(&mail) {
                    Takes::It | Takes::NotForThem(_) => "250 taken".to_owned(),
                    Takes::Not(answer) => answer.to_owned(),
                    Takes::AndBreaks => return Ok(()),
                }
            }
            "RSET" | "NOOP" => "250 ok".to_owned(),
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "502 not known here".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

/// The text of a message, up to a dot on a line of its own.
async fn data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let (mut text, mut line) = (String::new(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
