"""Runs of a machine tool, from the curve of its power."""

from gateway.jobs.evidence.power_runs.rule import PowerRuns, PowerRunsConfig

__all__ = ["PowerRuns", "PowerRunsConfig"]
