"""The gateway's own pages and HTTP API: JSON, server-sent events, a role on every route."""
