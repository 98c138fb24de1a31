"""Sealed messages between the firms: what the order network needs of the world."""

from gateway.partners.service import Exchange

__all__ = ["Exchange"]
