-- What was exchanged between firms, and what was agreed. Times are milliseconds since 1970 (UTC);
-- order_s is order time in seconds.

CREATE TABLE orders (
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    stored_ms INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT;

CREATE TABLE closed (
    order_id TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT;

-- What giver lets taker see. A row is written once from the invitation, then only narrowed.
CREATE TABLE agreements (
    order_id TEXT NOT NULL,
    giver TEXT NOT NULL,
    taker TEXT NOT NULL,
    level TEXT NOT NULL,
    withdrawn_ms INTEGER,
    PRIMARY KEY (order_id, giver, taker)
) STRICT;

CREATE TABLE sent (
    id INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL,
    partner TEXT NOT NULL,
    chain TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    kind TEXT NOT NULL,
    package TEXT,
    version INTEGER NOT NULL,
    level TEXT,
    at_ms INTEGER NOT NULL,
    order_s REAL NOT NULL,
    fields TEXT NOT NULL,
    text TEXT,
    hash TEXT NOT NULL,
    prev TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'acked', 'cancelled')),
    acked_ms INTEGER,
    UNIQUE (chain, sequence)
) STRICT;
CREATE INDEX sent_by_order ON sent (order_id, id);
CREATE INDEX sent_pending ON sent (state) WHERE state = 'pending';

-- text is the signed message; it goes, and fields shrink, when the partner withdraws it.
CREATE TABLE received (
    id INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL,
    partner TEXT NOT NULL,
    chain TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    kind TEXT NOT NULL,
    package TEXT,
    version INTEGER NOT NULL,
    level TEXT,
    at_ms INTEGER NOT NULL,
    order_s REAL NOT NULL,
    fields TEXT NOT NULL,
    text TEXT,
    hash TEXT NOT NULL,
    prev TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('kept', 'withdrawn', 'cancelled')),
    UNIQUE (partner, chain, sequence)
) STRICT;
CREATE INDEX received_by_order ON received (order_id, id);

-- The chain in use towards each partner; a new one begins when the partner has lost its file.
CREATE TABLE chains (
    order_id TEXT NOT NULL,
    partner TEXT NOT NULL,
    chain TEXT NOT NULL,
    PRIMARY KEY (order_id, partner)
) STRICT;

CREATE TABLE offers (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    content TEXT NOT NULL
) STRICT;

-- What a reserve firm has said it could take.
CREATE TABLE ready (
    order_id TEXT NOT NULL,
    firm TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (order_id, firm)
) STRICT;

CREATE TABLE warned (
    order_id TEXT PRIMARY KEY,
    at_s REAL NOT NULL,
    before_due_s REAL NOT NULL
) STRICT;

-- Security events without payload: what was refused, and why; withdrawals; comparisons.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    firm TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
