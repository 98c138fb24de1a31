-- The journal, schema 2: what of the job logic's state never changes again (lots that have left),
-- each part written once beside the state.

CREATE TABLE fixed (
    name TEXT PRIMARY KEY,
    body BLOB NOT NULL
) WITHOUT ROWID;
