"""Names that appear in topics, node ids and file names."""

from __future__ import annotations

FIRM_PATTERN = r"^[a-z0-9][a-z0-9-]{0,31}$"
"""A firm id: safe as MQTT user, topic level, node id and path (lessons.md, trap 6)."""

MACHINE_PATTERN = r"^[a-z][a-z0-9-]{0,31}$"
"""A machine name, unique in its firm."""
