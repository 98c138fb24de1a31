"""OPC UA server of one firm: its machines after OPC 40001-1, secured by default."""

from gateway.sinks.opcua.config import OpcUaConfig

__all__ = ["OpcUaConfig"]
