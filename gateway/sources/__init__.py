"""Sources: one per physical line. They read, and cannot write."""

from gateway.sources.opening import open_sources, site_signals
from gateway.sources.source import ModbusSource

__all__ = ["ModbusSource", "open_sources", "site_signals"]
