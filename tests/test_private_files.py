"""Files for their owner alone, whole whatever happens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway import private_files


def test_only_the_owner_may_read(tmp_path: Path):
    path = tmp_path / "key.pem"
    path.write_text("an old one, readable by all")
    path.chmod(0o644)
    private_files.write(path, b"secret")
    assert path.read_bytes() == b"secret"
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_cut_off_leaves_the_old_content(tmp_path: Path, monkeypatch):
    path = tmp_path / "key.pem"
    private_files.write(path, b"old")

    def cut(_file: int) -> None:
        raise OSError("the power is gone")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", cut)
        with pytest.raises(OSError, match="power"):
            private_files.write(path, b"new")
    assert path.read_bytes() == b"old"
    private_files.write(path, b"newer")
    assert [file.name for file in tmp_path.iterdir()] == ["key.pem"]
