//! What every notice is given to, whoever follows it: the program's own log, and a file beside the data.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::SecondsFormat;
use domain::notification::Rule;
use event_log::Log;
use event_log::subscribe::HandlerError;
use serde::{Deserialize, Serialize};

use crate::rules::Notice;

/// Something that takes every notice.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Its stable name.
    fn name(&self) -> &'static str;

    /// Whether it knows by a notice's key that it was delivered before, so that after a crash it can be
    /// given again without harm. Of other channels the log notes what was sent before it is sent.
    fn remembers(&self) -> bool {
        false
    }

    /// Delivers a notice. `key` is the same whenever the same notice comes again.
    ///
    /// # Errors
    /// When it did not get through and should be tried again.
    async fn deliver(&self, key: &str, notice: &Notice) -> io::Result<()>;
}

/// Writes notices to the program's own log.
#[derive(Debug, Clone, Copy)]
pub struct LogSink;

#[async_trait]
impl Sink for LogSink {
    fn name(&self) -> &'static str {
        "log"
    }

    async fn deliver(&self, _key: &str, notice: &Notice) -> io::Result<()> {
        tracing::info!(recipient = %notice.audience, "{}", notice.said.text);
        Ok(())
    }
}

/// Writes notices to a file, one JSON line each: `{"key", "position", "at", "recipient", "rule", "text"}`.
///
/// A line is written whole and flushed to the disk before it counts as delivered; which keys are in the file
/// is read when it is opened, and a last line that a crash cut short is taken back.
pub struct FileSink {
    inner: Mutex<Inner>,
}

struct Inner {
    file: File,
    known: HashSet<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    position: u64,
    at: String,
    recipient: String,
    rule: Rule,
    text: &'a str,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

impl FileSink {
    /// Opens the file, creating it when there is none.
    ///
    /// # Errors
    /// Those of reading and writing it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        let mut known = HashSet::new();
        let mut whole = 0;
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            let Some(text) = line.strip_suffix(b"\n") else { break };
            // A line that somebody else wrote stays, and is nobody's notice.
            known.extend(serde_json::from_slice::<Key>(text).ok().map(|k| k.key));
            whole += line.len() as u64;
            line.clear();
        }
        drop(reader);
        file.set_len(whole)?;
        Ok(Self { inner: Mutex::new(Inner { file, known }) })
    }
}

/// Gives a notice to a sink, once.
pub(crate) async fn tell(log: &Log, sink: &dyn Sink, notice: &Notice) -> Result<(), HandlerError> {
    let (name, recipient) = (sink.name(), notice.audience);
    let key = format!("notice:{}:{name}:{recipient}:{}", notice.event, notice.rule);
    if sink.remembers() {
        let delivered = sink.deliver(&key, notice).await;
        return delivered.map_err(|e| HandlerError::Retry(e.to_string()));
    }
    // Noted before it is sent: after a crash in between it is not sent, rather than sent twice.
    if log.subscriptions.claim_effect(&key).await?
        && let Err(error) = sink.deliver(&key, notice).await
    {
        log.subscriptions.release_effect(&key).await?;
        return Err(HandlerError::Retry(error.to_string()));
    }
    Ok(())
}

#[async_trait]
impl Sink for FileSink {
    fn name(&self) -> &'static str {
        "file"
    }

    fn remembers(&self) -> bool {
        true
    }

    async fn deliver(&self, key: &str, notice: &Notice) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.known.contains(key) {
            return Ok(());
        }
        let mut line = serde_json::to_vec(&Line {
            key,
            position: notice.position,
            at: notice.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            recipient: notice.audience.to_string(),
            rule: notice.rule,
            text: &notice.said.text,
        })?;
        line.push(b'\n');
        let end = inner.file.seek(SeekFrom::End(0))?;
        let written = inner.file.write_all(&line).and_then(|()| inner.file.sync_data());
        if let Err(error) = written {
            // Half a line is no notice.
            inner.file.set_len(end)?;
            return Err(error);
        }
        inner.known.insert(key.to_owned());
        Ok(())
    }
}
