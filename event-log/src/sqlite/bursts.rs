//! Rows of a long answer, taken many at a time.
//!
//! sqlx runs SQLite in a thread of its own, which wakes whoever waits for a row at each row. Between two threads that
//! costs more than the row does. So who has taken a few rows, and waits for the next, looks again a moment later, when
//! there are hundreds.

use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use sqlx::sqlite::SqliteRow;
use tokio::time::Sleep;

use super::failed;
use crate::error::LogError;

/// Rows that are taken as they come: what answers with no more of them is not held up.
const EAGER: usize = 16;
/// When to look again, as exactly as tokio's timer can tell.
const PAUSE: Duration = Duration::from_millis(1);
/// Rows that may wait to be taken: more than SQLite makes during a pause or two.
pub(super) const WAITING: usize = 4096;

/// Rows of an answer.
pub(crate) struct InBursts<S> {
    rows: S,
    taken: usize,
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> InBursts<S> {
    /// Of these rows.
    pub(crate) fn of(rows: S) -> Self {
        Self { rows, taken: 0, pause: None }
    }
}

impl<S: Stream + Unpin> Stream for InBursts<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        if self.taken < EAGER {
            let row = ready!(self.rows.poll_next_unpin(cx));
            self.taken += 1;
            return Poll::Ready(row);
        }
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match self.rows.poll_next_unpin(&mut Context::from_waker(Waker::noop())) {
                Poll::Pending => self.pause = Some(Box::pin(tokio::time::sleep(PAUSE))),
                row => return row,
            }
        }
    }
}

/// All of an answer's rows, each made into something.
pub(super) async fn all<T>(
    rows: impl Stream<Item = Result<SqliteRow, sqlx::Error>> + Unpin,
    make: impl Fn(&SqliteRow) -> Result<T, LogError>,
) -> Result<Vec<T>, LogError> {
    let mut rows = InBursts::of(rows);
    let mut made = Vec::new();
    while let Some(row) = rows.try_next().await.map_err(failed)? {
        made.push(make(&row)?);
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_row_of_a_long_answer_comes_once_and_in_order() {
        let (rows, told) = tokio::sync::mpsc::unbounded_channel();
        let told = futures::stream::unfold(told, async |mut told| {
            told.recv().await.map(|row: u32| (row, told))
        });
        // From another thread, some at once and some while they are waited for.
        let teller = std::thread::spawn(move || {
            for row in 0..20_000 {
                rows.send(row).unwrap();
                if row % 1_000 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let taken: Vec<u32> = InBursts::of(Box::pin(told)).collect().await;
        teller.join().unwrap();
        assert_eq!(taken, (0..20_000).collect::<Vec<_>>());
    }
}
