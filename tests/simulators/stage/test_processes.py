import asyncio
import sys
import threading

import pytest

from simulators.stage.processes import Program, Supervisor, watching_without_threads


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


def test_a_process_is_watched_without_a_thread_of_its_own(monkeypatch):
    """A computer that gives no more threads must not make the demo wait for ever."""

    def none(_self) -> None:
        raise RuntimeError("can't start new thread")

    async def ended() -> int:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "raise SystemExit(7)")
        return await process.wait()

    monkeypatch.setattr(threading.Thread, "start", none)
    with watching_without_threads():
        assert asyncio.run(asyncio.wait_for(ended(), 20)) == 7


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
