//! How long each step of a resume's way takes, told as numbers: where the time goes, and so what more processors or a faster disk
//! would bring.

use std::time::Instant;

/// A step on a resume's way from its bytes to its score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// What an earlier step kept is fetched and unsealed.
    Fetch,
    /// It waits for a reader.
    Wait,
    /// A reader reads its text.
    Read,
    /// A reader reads it again, with its pictures.
    Look,
    /// Its text becomes a profile.
    Profile,
    /// An engine grades it.
    Grade,
    /// What came of a step is sealed and recorded.
    Record,
}

impl Step {
    fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Wait => "wait",
            Self::Read => "read",
            Self::Look => "look",
            Self::Profile => "profile",
            Self::Grade => "grade",
            Self::Record => "record",
        }
    }

    /// Tells that this step took from `begun` until now.
    pub(crate) fn since(self, begun: Instant) {
        metrics::histogram!("hiresphere_resume_step_seconds", "step" => self.as_str())
            .record(begun.elapsed());
    }

    /// Does it, and tells how long it took, whatever came of it.
    pub(crate) async fn of<T>(self, doing: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let done = doing.await;
        self.since(begun);
        done
    }
}
