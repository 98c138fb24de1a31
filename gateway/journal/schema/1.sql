-- The journal, schema 1. Times are microseconds since 1970, UTC.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

-- Which signals a batch speaks of; batches name a shape by its id.
CREATE TABLE shapes (
    id INTEGER PRIMARY KEY,
    machine TEXT NOT NULL,
    signals TEXT NOT NULL
);

-- One row (or a few) per commit: its batches, encoded together and compressed.
CREATE TABLE blocks (
    last_seq INTEGER PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    batches INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    body BLOB NOT NULL
);

-- What the job logic found, beside the batches that caused it.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    machine TEXT NOT NULL,
    job TEXT,
    details TEXT NOT NULL
);
CREATE INDEX events_by_machine ON events (machine, at);

-- The state of the job logic after the last commit (one row).
CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    body BLOB NOT NULL
);

-- How far each sink has got.
CREATE TABLE cursors (
    name TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) WITHOUT ROWID;

-- Stretches that are missing, and why. Counts are NULL where nobody can know them.
CREATE TABLE gaps (
    id INTEGER PRIMARY KEY,
    noted INTEGER NOT NULL,
    why TEXT NOT NULL,
    start INTEGER,
    "end" INTEGER NOT NULL,
    first_seq INTEGER,
    last_seq INTEGER,
    batches INTEGER,
    entries INTEGER,
    note TEXT NOT NULL
);

-- Batches that a sink's peer refuses for good.
CREATE TABLE parked (
    id INTEGER PRIMARY KEY,
    noted INTEGER NOT NULL,
    sink TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    why TEXT NOT NULL
);
