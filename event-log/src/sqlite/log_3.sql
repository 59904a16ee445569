-- Format 3: what was spent on engines that cost money.
CREATE TABLE ledger (
    account   TEXT    PRIMARY KEY,
    tokens    INTEGER NOT NULL CHECK (tokens >= 0),
    micro_usd INTEGER NOT NULL CHECK (micro_usd >= 0)
) WITHOUT ROWID;
