"""Parts, from the counters and contacts of an I/O module."""

from gateway.jobs.evidence.counters.rule import Counters, CountersConfig

__all__ = ["Counters", "CountersConfig"]
