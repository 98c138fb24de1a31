"""Our words: signals, batches, events, errors and the two clocks. Standard library only."""
