"""Sealed messages between the firms: what the order network needs of the world."""
