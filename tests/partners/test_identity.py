"""A firm's keys: made once, for its owner only."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.core.errors import ExchangeError
from gateway.partners.identity import FILE, identity, public


def test_keys_are_made_once_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    first, again = identity(tmp_path / "new"), identity(tmp_path / "new")
    assert first.sign_public == again.sign_public
    assert first.seal_public == again.seal_public
    mode = (tmp_path / "new" / FILE).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE]


def test_two_firms_have_different_keys(tmp_path: Path) -> None:
    one, other = public(tmp_path / "a", "a"), public(tmp_path / "b", "b")
    assert not set(one.values()) & set(other.values())
    assert one["id"] == "a"
    assert len(one["sign"]) == len(one["seal"]) == 43


def test_two_starts_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: identity(tmp_path).sign_public, range(8)))
    assert len(set(made)) == 1


@pytest.mark.parametrize("content", [b"", b"{}", b'{"sign": {}, "seal": {}}', b"\x00\x01"])
def test_a_damaged_file_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ExchangeError, match="damaged"):
        identity(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


def test_private_keys_do_not_show_in_texts(tmp_path: Path) -> None:
    keys = identity(tmp_path)
    secret = str(keys.sign.as_dict(private=True)["d"])
    assert secret not in repr(keys)
    assert secret not in str(keys)
