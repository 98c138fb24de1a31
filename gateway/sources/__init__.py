"""Sources: one per physical line. They read, and cannot write."""

from gateway.sources.line_use import LineUse, line_use
from gateway.sources.opening import open_sources, site_signals
from gateway.sources.source import ModbusSource

__all__ = ["LineUse", "ModbusSource", "line_use", "open_sources", "site_signals"]
