//! Who may be the same person as whom.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::candidate::DuplicateSignal;
use domain::ids::CandidateId;
use event_log::LogError;
use event_log::sql::query;

use super::row::Duplicate;
use crate::model::Tx;
use crate::models::{from_json, json};

/// Others that may be the same person, listed for one candidate at most.
const SUSPECTS: usize = 20;

/// Others that may be the same person, for each of some candidates. A flag names the first that was
/// noted; those flagged with the same one are suspected of each other, too.
pub(super) async fn of(
    tx: Tx<'_>,
    candidates: impl Iterator<Item = CandidateId>,
) -> Result<HashMap<CandidateId, Vec<Duplicate>>, LogError> {
    let asked: BTreeSet<CandidateId> = candidates.collect();
    let texts = tx.dialect().texts("$1");
    let sql = format!(
        "WITH asked AS MATERIALIZED (SELECT value AS candidate FROM {texts}), \
         near AS MATERIALIZED (SELECT candidate FROM asked UNION \
            SELECT d.other FROM asked a JOIN pool_duplicates d ON d.candidate = a.candidate) \
         SELECT d.candidate, d.other, d.signals FROM near n \
            JOIN pool_duplicates d ON d.candidate = n.candidate"
    );
    let rows = query(&sql).bind(json(&asked)?).fetch_all(tx).await?;
    let mut flagged: BTreeMap<CandidateId, BTreeMap<CandidateId, Vec<DuplicateSignal>>> =
        BTreeMap::new();
    for row in &rows {
        let person = |column: &str| -> Result<CandidateId, LogError> {
            let text: &str = row.get(column)?;
            text.parse().map_err(|e| LogError::Damaged(format!("a pool row: {e}")))
        };
        let signals: &str = row.get("signals")?;
        flagged
            .entry(person("candidate")?)
            .or_default()
            .insert(person("other")?, from_json(signals)?);
    }
    let mut all = HashMap::new();
    for candidate in asked {
        let Some(direct) = flagged.get(&candidate) else { continue };
        let mut others: BTreeMap<CandidateId, Vec<DuplicateSignal>> = direct.clone();
        for (first, mine) in direct {
            for (other, theirs) in flagged.get(first).into_iter().flatten() {
                // Both have it in common with the first one, and so with each other.
                let shared = mine.iter().filter(|s| theirs.contains(s)).copied();
                let known = others.entry(*other).or_default();
                known.extend(shared);
            }
        }
        others.remove(&candidate);
        let listed = others.into_iter().filter_map(|(candidate, mut signals)| {
            signals.sort();
            signals.dedup();
            (!signals.is_empty()).then_some(Duplicate { candidate, signals })
        });
        all.insert(candidate, listed.take(SUSPECTS).collect());
    }
    Ok(all)
}
