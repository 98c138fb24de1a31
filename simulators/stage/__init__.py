"""The stage: the demo's supervisor, its one web origin, and what the presenter can do."""
