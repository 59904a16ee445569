//! How a notice reaches somebody: the program's own log, and a file beside the data.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::rules::Notice;

/// A way to reach somebody.
#[async_trait]
pub trait Channel: Send + Sync {
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
pub struct LogChannel;

#[async_trait]
impl Channel for LogChannel {
    fn name(&self) -> &'static str {
        "log"
    }

    async fn deliver(&self, _key: &str, notice: &Notice) -> io::Result<()> {
        tracing::info!(recipient = notice.recipient.as_str(), "{}", notice.text);
        Ok(())
    }
}

/// Writes notices to a file, one JSON line each: `{"key", "position", "at", "recipient", "rule", "text"}`.
///
/// A line is written whole and flushed to the disk before it counts as delivered; which keys are in the file
/// is read when it is opened, and a last line that a crash cut short is taken back.
pub struct FileChannel {
    inner: Mutex<Inner>,
}

struct Inner {
    file: File,
    known: HashSet<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    #[serde(flatten)]
    notice: &'a Notice,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

impl FileChannel {
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

#[async_trait]
impl Channel for FileChannel {
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
        let mut line = serde_json::to_vec(&Line { key, notice })?;
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
