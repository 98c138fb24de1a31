import asyncio

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
