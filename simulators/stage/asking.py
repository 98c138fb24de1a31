"""How the stage asks the gateways and the simulators, all of them on this computer."""

from __future__ import annotations

import httpx


def client(timeout: float | httpx.Timeout, token: str | None = None) -> httpx.AsyncClient:
    """A client for servers on this computer; ``timeout`` in seconds.

    A proxy that the environment names is not for them: it would get the demo's token.
    """
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return httpx.AsyncClient(headers=headers, timeout=timeout, trust_env=False)
