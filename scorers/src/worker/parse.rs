//! Step 2: a resume's visible text becomes a profile; who else has its address is flagged.

use std::time::Instant;

use domain::candidate::{Candidate, CandidateCommand, DuplicateSignal, Reading as Progress};
use domain::ids::{CandidateId, DocumentId};
use domain::pii::Pii;
use event_log::Recorded;
use event_log::subscribe::HandlerError;

use super::{Scorers, command, text_of};
use crate::profile;
use crate::steps::Step;

/// Name and version of the parser, as events record it.
const PARSER: &str = "hiresphere-profile/1";

impl Scorers {
    pub(super) async fn parse(
        &self,
        id: CandidateId,
        document: DocumentId,
        text: DocumentId,
        event: &Recorded,
    ) -> Result<(), HandlerError> {
        let candidate = self.candidate(id).await?;
        let waiting = Progress::Extracted(text);
        if candidate.resume(document).is_none_or(|r| r.reading != waiting) {
            return Ok(());
        }
        let found = Step::Fetch.of(text_of(self.dispatcher.log(), id, text)).await?;
        let Some(text) = found else { return Ok(()) };
        let begun = Instant::now();
        let profile = profile::parse(&text);
        Step::Profile.since(begun);
        let recording = Instant::now();
        if let Some(email) = &profile.basics.email {
            let address = email.value.to_lowercase();
            let vault = &self.dispatcher.log().vault;
            let same = vault.index("resume-email", address.as_bytes(), id).await?;
            if let Some(&other) = same.first() {
                self.flag_duplicate(id, other, DuplicateSignal::SameEmail, event).await?;
            }
        }
        let order = CandidateCommand::RecordProfile {
            document,
            profile: Pii::new(profile),
            parser: PARSER.into(),
            chars: text.len(),
        };
        let envelope = command(id.0, order, "parser", event);
        self.dispatcher.dispatch::<Candidate>(envelope).await?;
        Step::Record.since(recording);
        Ok(())
    }
}
