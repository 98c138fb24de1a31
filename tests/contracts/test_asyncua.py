"""What of asyncua we replace, as it was when it was read: a new version has to be read anew.

Where a test here fails, compare the named parts with gateway/sinks/opcua (``decoding`` replaces
functions, ``requests``, ``sessions``, ``subscriptions``, ``items`` and ``view`` override methods),
then write down the new version and the new sums.
"""

from __future__ import annotations

import hashlib
import tomllib
from importlib.metadata import distribution, version
from pathlib import Path

import pytest
from asyncua.ua import ua_binary

from gateway.sinks.opcua import decoding

VERSION = "2.1.0"
READ = {
    "ua/ua_binary.py": "6a67e96e3599ddf0",
    "common/utils.py": "218455e1058b0f44",
    "common/connection.py": "589d1f356a32d65a",
    "server/address_space.py": "8e7ed44043b65225",
    "server/binary_server_asyncio.py": "0a2a42df052e9d7d",
    "server/internal_server.py": "662fc29da9000496",
    "server/internal_session.py": "ec1d465f9a9d9cb2",
    "server/internal_subscription.py": "cafefba8beefc4fa",
    "server/monitored_item_service.py": "ab7910bd533381c1",
    "server/subscription_service.py": "abd3a1666f6aa495",
    "server/uaprocessor.py": "02ce3d6799935d57",
}


def test_asyncua_is_the_version_that_was_read() -> None:
    assert version("asyncua") == VERSION, __doc__


def test_asyncua_is_pinned_to_the_version_that_was_read() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    assert f"asyncua=={VERSION}" in project["project"]["dependencies"]
    for name in ("gateway", "demo", "dev"):
        assert f"asyncua=={VERSION} " in Path(f"requirements/{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", READ)
def test_what_we_replace_of_asyncua_is_what_was_read(name: str) -> None:
    source = Path(str(distribution("asyncua").locate_file(f"asyncua/{name}"))).read_bytes()
    assert hashlib.sha256(source).hexdigest()[:16] == READ[name], __doc__


def test_the_decoders_of_asyncua_are_ours_once_they_are_guarded() -> None:
    decoding.guard()
    for name in (
        "_create_list_deserializer",
        "_create_uatype_array_deserializer",
        "_create_dataclass_deserializer",
        "_reshape",
        "extensionobject_from_binary",
    ):
        assert getattr(ua_binary, name).__module__ == decoding.__name__
    for text in (ua_binary.Primitives.String, ua_binary.Primitives.Bytes):
        with pytest.raises(decoding.ServiceError):
            text.unpack(decoding.Request(b"\xfc\xff\xff\xff" * 2))
