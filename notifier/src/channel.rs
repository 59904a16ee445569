//! Where notices go.

use std::io;

use async_trait::async_trait;

use crate::rules::Notice;

/// Delivers notices.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Its stable name: part of what makes a notice one notice.
    fn name(&self) -> &'static str;

    /// Delivers one notice.
    ///
    /// # Errors
    /// When it could not be delivered; the event is then parked.
    async fn deliver(&self, notice: &Notice) -> io::Result<()>;
}

/// Writes notices to the program's own log, where `-v` shows them.
#[derive(Debug, Clone, Copy)]
pub struct LogChannel;

#[async_trait]
impl Channel for LogChannel {
    fn name(&self) -> &'static str {
        "log"
    }

    async fn deliver(&self, notice: &Notice) -> io::Result<()> {
        tracing::info!(recipient = notice.recipient, "{}", notice.text);
        Ok(())
    }
}
