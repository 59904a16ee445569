-- Format 2: streams whose parked events somebody wants tried again, first come first.
CREATE TABLE requeues (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription TEXT NOT NULL,
    stream_kind  TEXT NOT NULL,
    stream_id    BLOB NOT NULL,
    UNIQUE (subscription, stream_kind, stream_id)
);
