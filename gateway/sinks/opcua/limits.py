"""How much of the OPC UA server anybody may take. The server's ServerCapabilities say the same."""

from __future__ import annotations

CONNECTIONS = 50
FROM_ONE_ADDRESS = 10
"""Connections: in all, and from one address."""

MESSAGE = 1024 * 1024
CHUNK = 65535
UNREAD = 4 * MESSAGE
"""Bytes of a message, of a chunk (and of all that comes before a session is active), and of
answers that a client leaves unread."""

SESSIONS = 50
SUBSCRIPTIONS = 20
ALL_SUBSCRIPTIONS = 200
QUEUE = 1000
KEPT = 50_000
"""Sessions; subscriptions of a session and of all; values kept of one monitored item (some 170
bytes each) and of all that a session has asked for: beyond that, of each only the newest."""

FASTEST, SLOWEST = 50.0, 3_600_000.0
"""Milliseconds between two publications, and between two samples."""

REFERENCES = 1000
ALL_REFERENCES = 5000
CONTINUATION_POINTS = 10
"""References in one result and in one answer; unfinished results of a session."""
