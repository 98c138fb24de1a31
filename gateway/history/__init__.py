"""Time series for charts."""

from gateway.history.sqlite import Series

__all__ = ["Series"]
