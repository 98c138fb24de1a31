"""Jobs: from signals to machine states, counted parts and job progress. Pure state tables.

No clock, no logger, no I/O: time comes with each batch and command. The journal applies
``JobTracker.advance`` and ``JobTracker.command`` inside its commit.
"""
