//! Step 2: a resume's visible text becomes a profile; who else has its address is flagged.

use domain::candidate::{Candidate, CandidateCommand, DuplicateSignal, Reading as Progress};
use domain::ids::{CandidateId, DocumentId};
use domain::pii::Pii;
use domain::text::VisibleText;
use event_log::Recorded;
use event_log::subscribe::HandlerError;

use super::{Scorers, unless_erased};
use crate::profile;
use crate::reading::Extraction;

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
        let Some(text) = self.text(id, text).await? else { return Ok(()) };
        let profile = profile::parse(&text);
        if let Some(email) = &profile.basics.email {
            let address = email.value.to_lowercase();
            let vault = &self.dispatcher.log().vault;
            let same = vault.index("resume-email", address.as_bytes(), id).await?;
            if let Some(&other) = same.first() {
                self.flag_duplicate(id, other, DuplicateSignal::SameEmail, event).await?;
            }
        }
        let command = CandidateCommand::RecordProfile {
            document,
            profile: Pii::new(profile),
            parser: PARSER.into(),
            chars: text.len(),
        };
        let envelope = self.command(id.0, command, "parser", event);
        self.dispatcher.dispatch::<Candidate>(envelope).await?;
        Ok(())
    }

    /// The visible text of a stored extraction; `None` when the person was erased.
    pub(super) async fn text(
        &self,
        id: CandidateId,
        text: DocumentId,
    ) -> Result<Option<VisibleText>, HandlerError> {
        let documents = &self.dispatcher.log().documents;
        let Some(stored) = unless_erased(documents.get(id, text).await)? else { return Ok(None) };
        let extraction: Extraction = serde_json::from_slice(&stored).map_err(|e| {
            HandlerError::Park(format!("a stored extraction has another shape: {e}"))
        })?;
        Ok(Some(extraction.visible_text()))
    }
}
