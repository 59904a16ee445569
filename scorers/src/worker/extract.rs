//! Step 1: a resume's bytes become its visible text, in a child process.

use std::collections::BTreeMap;
use std::time::Instant;

use domain::candidate::{
    Candidate, CandidateCommand, DuplicateSignal, ExtractionFacts, Flag, Reading as Progress,
};
use domain::ids::{CandidateId, DocumentId};
use event_log::Recorded;
use event_log::subscribe::HandlerError;

use super::{Scorers, command, unless_erased};
use crate::reading::{Extraction, Hidden};
use crate::steps::Step;

impl Scorers {
    pub(super) async fn extract(
        &self,
        id: CandidateId,
        document: DocumentId,
        event: &Recorded,
    ) -> Result<(), HandlerError> {
        let candidate = self.candidate(id).await?;
        if candidate.resume(document).is_none_or(|r| r.reading != Progress::Waiting) {
            return Ok(());
        }
        let documents = &self.dispatcher.log().documents;
        let fetched = Step::Fetch.of(documents.get(id, document)).await;
        let Some(bytes) = unless_erased(fetched)? else { return Ok(()) };
        let same = self.dispatcher.log().vault.index("resume-bytes", &bytes, id).await?;
        // With the first one only: what all of them have in common is told through it.
        if let Some(&other) = same.first() {
            self.flag_duplicate(id, other, DuplicateSignal::SameFile, event).await?;
        }
        // A pool that cannot start a child says nothing about the file: try again later.
        let reading =
            self.reader.read(&bytes).await.map_err(|e| HandlerError::Retry(e.to_string()))?;
        let outcome = reading.failure().map_or("text", |failure| failure.code());
        metrics::counter!("hiresphere_resumes_read_total", "outcome" => outcome).increment(1);
        let recording = Instant::now();
        let flags = flags(reading.hidden());
        let sandbox_without =
            reading.without.iter().map(|layer| layer.as_str().to_owned()).collect();
        let order = match reading.result {
            Ok(extraction) => {
                let facts = facts(&extraction, sandbox_without);
                let stored = serde_json::to_vec(&extraction)
                    .map_err(|e| HandlerError::Park(e.to_string()))?;
                let text = document.extraction();
                if unless_erased(documents.put(id, text, &stored).await)?.is_none() {
                    return Ok(());
                }
                CandidateCommand::RecordExtraction { document, text, facts, flags }
            }
            Err(unread) => CandidateCommand::RecordExtractionFailure {
                document,
                reason: unread.failure.code().to_owned(),
                sniffed_type: reading.sniffed_type,
                sandbox_without,
                flags,
            },
        };
        let envelope = command(id.0, order, "extractor", event);
        self.dispatcher.dispatch::<Candidate>(envelope).await?;
        Step::Record.since(recording);
        Ok(())
    }

    pub(super) async fn flag_duplicate(
        &self,
        id: CandidateId,
        other: CandidateId,
        signal: DuplicateSignal,
        event: &Recorded,
    ) -> Result<(), HandlerError> {
        let order = CandidateCommand::FlagDuplicate { other, signals: vec![signal] };
        let mut envelope = command(id.0, order, "duplicates", event);
        envelope.idempotency_key = Some(format!("duplicates:{id}:{other}:{signal:?}"));
        self.dispatcher.dispatch::<Candidate>(envelope).await?;
        Ok(())
    }
}

fn facts(extraction: &Extraction, sandbox_without: Vec<String>) -> ExtractionFacts {
    let mut methods: Vec<String> =
        extraction.pages.iter().map(|p| p.method.as_str().to_owned()).collect();
    methods.sort();
    methods.dedup();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    ExtractionFacts {
        sniffed_type: extraction.sniffed_type.clone(),
        methods,
        engine: extraction.engine.clone(),
        pages: count(extraction.pages.len()),
        chars: extraction.visible_text().len(),
        truncated: extraction.truncated,
        language: extraction.language().map(str::to_owned),
        sandbox_without,
    }
}

/// Hidden text by page and kind: where, why and how much.
fn flags(hidden: &[Hidden]) -> Vec<Flag> {
    let mut sums: BTreeMap<(u32, &'static str), u32> = BTreeMap::new();
    for h in hidden {
        let chars = u32::try_from(h.text.chars().count()).unwrap_or(u32::MAX);
        let sum = sums.entry((h.page, h.kind.as_str())).or_default();
        *sum = sum.saturating_add(chars);
    }
    sums.into_iter()
        .map(|((page, kind), chars)| Flag { kind: kind.to_owned(), page, chars })
        .collect()
}
