"""Line protocol to the InfluxDB v2 write API. The only file that imports influxdb_client.

The library is transport only: no batching, no retries, no points. It runs in a thread of its own,
one request at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from gateway.core.errors import NotConnected, Rejected

CONNECT_TIMEOUT = timedelta(seconds=3)
ANSWER_TIMEOUT = timedelta(seconds=10)

_REFUSED_FOR_GOOD = frozenset({400, 413, 422})

Answer = TypeVar("Answer")


class InfluxClient:
    """One bucket of one server. Construction does no I/O."""

    def __init__(self, url: str, *, org: str, bucket: str, token: str) -> None:
        self.url = url
        self._org = org
        self._bucket = bucket
        self._token = token
        self._client: Any = None
        self._thread: ThreadPoolExecutor | None = None

    async def connect(self) -> None:
        """Open the client and see whether the server is there. Raises NotConnected."""
        await self.close()
        self._thread = ThreadPoolExecutor(1, "influx")
        self._client = await self._in_thread(self._open)

    def _open(self) -> Any:
        library = _library()
        milliseconds = tuple(
            wait // timedelta(milliseconds=1) for wait in (CONNECT_TIMEOUT, ANSWER_TIMEOUT)
        )
        client = library.InfluxDBClient(
            self.url, token=self._token, org=self._org, timeout=milliseconds, retries=False
        )
        try:
            library.PingService(client.api_client).get_ping()
        except BaseException:  # whatever it was: nobody else knows this client to close it
            client.close()
            raise
        return client

    async def write(self, lines: bytes) -> None:
        """Deliver lines with times in milliseconds. Raises NotConnected or Rejected (all)."""
        client = self._client
        if client is None:
            raise NotConnected(f"{self.url}: not connected")
        await self._in_thread(lambda: self._post(client, lines))

    def _post(self, client: Any, lines: bytes) -> None:
        _library().WriteService(client.api_client).post_write(
            org=self._org,
            bucket=self._bucket,
            body=lines,
            precision="ms",
            async_req=False,
            content_type="text/plain; charset=utf-8",
        )

    async def close(self) -> None:
        """Close; safe twice and before ``connect``."""
        thread, self._thread = self._thread, None
        client, self._client = self._client, None
        if thread is not None:
            if client is not None:
                thread.submit(client.close)
            thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        if self._thread is None:
            raise NotConnected(f"{self.url}: not connected")

        def guarded() -> Answer:
            with _influx_errors(self.url):
                return work()

        return await asyncio.get_running_loop().run_in_executor(self._thread, guarded)


def _library() -> Any:
    """The library, which is heavy (12 MB) and knows no types."""
    import influxdb_client  # noqa: PLC0415

    return influxdb_client


@contextmanager
def _influx_errors(url: str) -> Iterator[None]:
    """Turn the library's errors into ours."""
    from influxdb_client.rest import ApiException  # noqa: PLC0415 - heavy
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with influxdb_client

    try:
        yield
    except ApiException as error:
        status = error.status or 0
        said = " ".join(str(error.message or error.reason or "no reason given").split())[:300]
        text = f"{url} answers {status}: {said}" if status else f"{url}: {said}"
        if status in _REFUSED_FOR_GOOD:
            raise Rejected(text, ()) from error
        raise NotConnected(text, retry_after=_pause(error.headers)) from error
    except (HTTPError, OSError, ValueError) as error:
        raise NotConnected(f"{url}: {_plain(error)}") from error


def _pause(headers: object) -> timedelta | None:
    """What ``Retry-After`` asks for, where it is given in seconds."""
    value = headers.get("Retry-After") if hasattr(headers, "get") else None
    return timedelta(seconds=int(value)) if isinstance(value, str) and value.isdigit() else None


def _plain(error: Exception) -> str:
    """The innermost cause: the outer ones repeat it with object addresses."""
    reason = getattr(error, "reason", None)
    inner = (
        error.__cause__ or error.__context__ or (reason if isinstance(reason, Exception) else None)
    )
    if isinstance(inner, Exception) and not isinstance(error, OSError):
        return _plain(inner)
    return str(getattr(error, "strerror", None) or error)
