-- The history, schema 1. Times are milliseconds since 1970, UTC.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

-- Every signal ever seen; all its values up to closed_seq stand in chunks.
CREATE TABLE signals (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    closed_seq INTEGER NOT NULL
);

-- The roll-up of each chunk: enough for a coarse chart without opening the chunk.
CREATE TABLE spans (
    signal INTEGER NOT NULL,
    first INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    final INTEGER NOT NULL,
    count INTEGER NOT NULL,
    worst INTEGER NOT NULL,
    low REAL,
    high REAL,
    last,
    last_at INTEGER,
    PRIMARY KEY (signal, first, chunk)
) WITHOUT ROWID;

-- Some minutes of one signal, compressed.
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    body BLOB NOT NULL
);
