"""A job: its record, its states, and how it moves. It knows nothing of evidence."""
