-- The log's own tables. Positions are given by AUTOINCREMENT under one writer: dense, in commit order.
CREATE TABLE events (
    position       INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id       BLOB    NOT NULL UNIQUE,
    stream_kind    TEXT    NOT NULL,
    stream_id      BLOB    NOT NULL,
    version        INTEGER NOT NULL,
    type           TEXT    NOT NULL,
    occurred_at    INTEGER NOT NULL, -- microseconds since 1970, UTC
    recorded_at    INTEGER NOT NULL,
    actor          TEXT    NOT NULL,
    command_id     BLOB    NOT NULL,
    causation_id   BLOB,
    correlation_id TEXT    NOT NULL,
    traceparent    TEXT,
    key_id         BLOB,
    payload        TEXT    NOT NULL,
    UNIQUE (stream_id, stream_kind, version)
);

-- Nobody edits a fact.
CREATE TRIGGER events_are_not_updated BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never updated'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;

CREATE TABLE commands (
    idempotency_key TEXT    PRIMARY KEY,
    fingerprint     TEXT    NOT NULL,
    stream_kind     TEXT    NOT NULL,
    stream_id       BLOB    NOT NULL,
    version         INTEGER NOT NULL,
    position        INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE reservations (
    name       TEXT PRIMARY KEY,
    owner_kind TEXT NOT NULL,
    owner_id   BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX reservations_by_owner ON reservations (owner_id, owner_kind);

CREATE TABLE checkpoints (
    subscription TEXT    PRIMARY KEY,
    position     INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE parked (
    subscription TEXT    NOT NULL,
    position     INTEGER NOT NULL,
    stream_kind  TEXT    NOT NULL,
    stream_id    BLOB    NOT NULL,
    type         TEXT    NOT NULL,
    error        TEXT    NOT NULL,
    attempts     INTEGER NOT NULL,
    parked_at    INTEGER NOT NULL,
    PRIMARY KEY (subscription, position)
) WITHOUT ROWID;

-- What was done to the world, so that it is done once.
CREATE TABLE effects (
    effect     TEXT    PRIMARY KEY,
    claimed_at INTEGER NOT NULL
) WITHOUT ROWID;
