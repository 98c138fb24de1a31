import asyncio

import pytest

from simulators.stage.processes import Program, Supervisor


async def test_a_program_is_ours_whatever_lies_in_the_folder(tmp_path, monkeypatch):
    """Somebody may start the demo where a folder of the same name lies."""
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway" / "__main__.py").write_text("raise SystemExit('not ours')", "utf-8")
    monkeypatch.chdir(tmp_path)
    supervisor, ended = Supervisor(), asyncio.Event()
    program = Program("version", ["version"], {}, tmp_path / "logs" / "version.log")

    def changed() -> None:
        if supervisor.running["version"].restarts:
            ended.set()

    supervisor.changed = changed
    entry = supervisor.start(program)
    async with asyncio.timeout(30):
        await ended.wait()
    assert entry.state == "ended with code 0; restarting"
    await supervisor.stop()
    assert entry.state == "stopped"
    assert program.log.read_text("utf-8").startswith("werkverbund ")


async def test_a_program_that_the_computer_refuses_to_start_is_told(tmp_path):
    """Else everybody would wait for it."""
    (tmp_path / "file").touch()
    supervisor = Supervisor()
    entry = supervisor.start(Program("version", ["version"], {}, tmp_path / "file" / "log"))
    with pytest.raises(OSError, match="file"):
        async with asyncio.timeout(10):
            await supervisor.refusal()
    await supervisor.stop()
    assert entry.pid is None
