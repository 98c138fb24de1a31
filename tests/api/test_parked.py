"""An archive that refuses everything: the cursor waits, the owner sees why and sends again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.api.running import API, a_workshop, at_work, demo_client, until

WHY = "field type conflict: power is a float, not an integer"


class Archive(ThreadingHTTPServer):
    """Answers as InfluxDB does: it takes everything, or refuses everything."""

    daemon_threads = True
    refuses = True
    asked = 0


class Api(BaseHTTPRequestHandler):
    server: Archive

    def do_GET(self) -> None:
        self._answer(204)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.asked += 1
        self._answer(400 if self.server.refuses else 204, b'{"message": "%s"}' % WHY.encode())

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        body = b"" if status == 204 else body
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_archive_that_refuses_everything_is_red_and_what_it_refused_is_sent_again(
    archive: Archive, tmp_path: Path
) -> None:
    port = archive.server_address[1]
    more = (
        f"sinks:\n  - {{type: influx, url: 'http://127.0.0.1:{port}', org: o, bucket: b, "
        "token: '${KEY}'}\n"
    )
    gateway = a_workshop(tmp_path, demo=True, more=more)
    with at_work(gateway), demo_client(gateway.base, "owner") as owner:

        def influx() -> dict[str, object]:
            parts = owner.get(f"{API}/health").json()["parts"]
            return next(part for part in parts if part["name"] == "influx")

        red = until(lambda: (part := influx())["state"] == "failed" and part)
        assert WHY in red["text"]["en"]
        assert "10 batches are parked" in red["text"]["en"]
        assert "10 Pakete liegen beiseite" in red["text"]["de"]
        # they ride with the next commit
        parked = until(lambda: len(found := owner.get(f"{API}/parked").json()) == 10 and found)
        assert all(entry["sink"] == "influx" and WHY in entry["why"] for entry in parked)
        archive.refuses = False
        until(lambda: influx()["state"] == "waiting")
        assert owner.post(f"{API}/parked/influx/again").status_code == 202
        until(lambda: influx()["state"] == "ok")
        until(lambda: owner.get(f"{API}/parked").json() == [])
        refused = owner.post(f"{API}/parked/influx/again")
        assert refused.status_code == 409
        assert refused.json()["detail"]["de"] == "Für influx liegt nichts beiseite."
