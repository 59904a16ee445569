-- People's wrapped keys and what dies with them. A row in state 'destroyed' stays as the proof.
CREATE TABLE keys (
    person       BLOB PRIMARY KEY,
    wrapped      BLOB,
    destroyed_at INTEGER,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
) WITHOUT ROWID;

CREATE TABLE blind_index (
    entry  INTEGER PRIMARY KEY AUTOINCREMENT,
    scope  TEXT NOT NULL,
    blind  TEXT NOT NULL,
    person BLOB NOT NULL,
    UNIQUE (scope, blind, person)
);
CREATE INDEX blind_index_by_person ON blind_index (person);
