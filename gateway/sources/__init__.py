"""Sources: one per physical link. They read, and cannot write."""

from gateway.sources.modbus import ModbusTcpConnect
from gateway.sources.modbus_source import ModbusSource
from gateway.sources.opening import open_sources, site_signals

__all__ = ["ModbusSource", "ModbusTcpConnect", "open_sources", "site_signals"]
