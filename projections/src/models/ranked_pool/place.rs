//! What the place of an application in its pool rests on, written into its row whenever it may have
//! changed: the run that counts, the outcome, and the values that the orders compare. What is compared of a name ends
//! after 200 characters, since an index of PostgreSQL takes no longer ones.

use event_log::LogError;
use event_log::sql::query;

use crate::model::Tx;

/// Places the rows anew whose `$whose` is `$1`, and sets `$also`.
macro_rules! place {
    ($also:literal, $whose:literal) => {
        concat!(
            "UPDATE pool SET ",
            $also,
            "(outcome, run, unscored, total_down, tie_down, tie_file, nameless, \
                sort_name, flagged) = \
             (SELECT outcome, run, CASE outcome WHEN 'scored' THEN 0 ELSE 1 END, \
                CASE outcome WHEN 'scored' THEN -total ELSE 0 END, \
                CASE outcome WHEN 'scored' THEN -tie_break ELSE 0 END, \
                CASE outcome WHEN 'scored' THEN COALESCE(substr(file, 1, 200), '') ELSE '' END, \
                CASE WHEN name IS NULL THEN 1 ELSE 0 END, \
                COALESCE(substr(lower(name), 1, 200), ''), \
                CASE COALESCE(flags, '[]') WHEN '[]' THEN 0 ELSE 1 END \
              FROM (SELECT r.run, r.total, r.tie_break, d.file, d.flags, c.name, \
                      CASE WHEN COALESCE(d.failure, r.failure) IS NOT NULL THEN 'unscorable' \
                           WHEN r.total IS NOT NULL THEN 'scored' \
                           WHEN pool.ai_opt_out = 1 THEN 'unscorable' \
                           ELSE 'pending' END AS outcome \
                    FROM (SELECT 1 AS one) AS base \
                    LEFT JOIN pool_resumes d ON d.document = pool.document \
                    LEFT JOIN pool_candidates c ON c.candidate = pool.candidate \
                    LEFT JOIN pool_runs r ON r.application = pool.application AND r.run = \
                      (SELECT x.run FROM pool_runs x WHERE x.application = pool.application \
                          AND x.document = pool.document ORDER BY x.asked DESC LIMIT 1)) AS placed) \
             WHERE ",
            $whose,
            " = $1"
        )
    };
}

/// One application's row, as it stands after an event of its own.
pub(super) async fn application(
    key: &str,
    version: i64,
    position: i64,
    tx: Tx<'_>,
) -> Result<(), LogError> {
    query(place!("version = $2, position = $3, ", "application"))
        .bind(key)
        .bind(version)
        .bind(position)
        .execute(tx)
        .await
        .map(drop)
}

/// The rows of every application of a candidate, after an event of the candidate.
pub(super) async fn all_of(candidate: &str, tx: Tx<'_>) -> Result<(), LogError> {
    let sql = place!("", "candidate");
    query(sql).bind(candidate).execute(tx).await.map(drop)
}
