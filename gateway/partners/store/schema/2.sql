-- Whose ledger this is and how far it has got; the witness beside it knows the same. agreements is
-- a checksum over the table of that name. anew_ms is set where a person has begun it anew.
CREATE TABLE standing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    firm TEXT NOT NULL,
    ledger TEXT NOT NULL,
    number INTEGER NOT NULL,
    agreements TEXT NOT NULL,
    anew_ms INTEGER
) STRICT;

-- What a partner said it had of us before this ledger was begun anew; '' means that it has said.
CREATE TABLE prior (
    partner TEXT NOT NULL,
    order_id TEXT NOT NULL,
    chain TEXT NOT NULL,
    PRIMARY KEY (partner, order_id, chain)
) STRICT;
