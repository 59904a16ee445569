-- What was spent on engines that cost money.

CREATE TABLE ledger (
    account   text   PRIMARY KEY,
    tokens    bigint NOT NULL CHECK (tokens >= 0),
    micro_usd bigint NOT NULL CHECK (micro_usd >= 0)
);

GRANT SELECT, INSERT, UPDATE ON ledger TO hiresphere_app;
