"""A sink in a process of its own: what comes through, what it cannot do to its gateway."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.apart import runner as apart_runner
from gateway.core.errors import WerkverbundError
from gateway.logs import Spoken
from tests.apart.at_work import at_work, lives, until
from tests.apart.sinks import NotesConfig
from tests.sinks.small_firm import TIMED_OUT, batch, executing, job


async def test_values_come_through_as_they_are(tmp_path: Path) -> None:
    async with at_work(tmp_path) as work:
        judged = batch("mill-1", {"power": None, "energy": 12.25}, {"power": TIMED_OUT}, seq0=7)
        work.bus.publish(judged)
        work.publish(shots=3, running=True, program="A7")
        await until(lambda: work.values("mill-1/program"))
        notes = [json.loads(line) for line in (tmp_path / "notes").read_text().splitlines()]
        first = next(note for note in notes if note.get("signal") == "mill-1/power")
        at = judged.at.isoformat()
        assert (first["value"], first["quality"], first["fault"]) == (None, 2, "timeout")
        assert (first["at"], first["seq"]) == (at, 7)
        assert work.values("mill-1/energy") == [12.25]
        kept = [work.values(f"mill-1/{point}") for point in ("shots", "running", "program")]
        assert kept == [[3], [True], ["A7"]]


async def test_every_batch_comes_through_in_order_while_the_process_keeps_up(
    tmp_path: Path,
) -> None:
    async with at_work(tmp_path) as work:
        await work.connected()
        for number in range(200):
            work.publish(power=float(number))
            await until(lambda: len(work.runner._subscription) < 60)
        await until(lambda: work.values("mill-1/power")[-1:] == [199.0])
        assert work.values("mill-1/power") == [float(number) for number in range(200)]
        assert work.runner.dropped == 0


async def test_states_and_jobs_come_through(tmp_path: Path) -> None:
    async with at_work(tmp_path) as work:
        work.runner.changed([executing()], [job(good=24)])
        await until(lambda: work.notes("jobs") and work.notes("jobs")[-1] == {"GA-17-AP1": 24})
        work.runner.changed([executing()], [job(good=36), job("B-2", good=1)])
        await until(lambda: work.notes("jobs")[-1] == {"GA-17-AP1": 36, "B-2": 1})
        assert work.notes("machines")[-1] == {"mill-1": "Power above 1200 W for 3 s"}
        work.runner.changed([executing()], [job("B-2", good=1)])
        await until(lambda: work.notes("jobs")[-1] == {"B-2": 1})


async def test_a_stopped_process_holds_and_grows_nobody_and_gets_the_newest(
    tmp_path: Path,
) -> None:
    async with at_work(tmp_path) as work:
        pid = await work.connected()
        work.publish("press-1", shots=7)
        await until(lambda: work.values("press-1/shots") == [7])
        os.kill(pid, signal.SIGSTOP)
        for number in range(20_000):
            work.publish(power=float(number), energy=float(number))
            if number % 50 == 0:
                await asyncio.sleep(0)  # the gateway's loop goes on
        work.publish("press-1", **{"mould-closed": True})
        assert len(work.runner._subscription) <= 64
        assert work.runner.process is not None
        waiting = work.runner.process.frames._transport
        assert waiting is not None
        assert waiting.get_write_buffer_size() < 256 * 1024
        assert work.runner.dropped > 10_000
        os.kill(pid, signal.SIGCONT)
        await until(lambda: work.values("press-1/mould-closed") == [True])
        assert work.pid == pid
        power = work.values("mill-1/power")
        assert power[-1] == 19_999.0
        assert power == sorted(power), "nothing old after something newer"
        assert len(power) < 10_000


async def test_a_killed_process_is_back_with_present_values(tmp_path: Path) -> None:
    """Also with those that have not come anew since."""
    async with at_work(tmp_path) as work:
        first = await work.connected()
        work.publish(power=1.0)
        work.publish("press-1", shots=7)
        work.publish(power=2.0)
        work.runner.changed([executing()], [job()])
        await until(lambda: work.values("press-1/shots") and work.notes("jobs"))
        (tmp_path / "notes").unlink()
        os.kill(first, signal.SIGKILL)
        await until(lambda: not work.runner.health.connected)
        assert work.runner.health.cause == "SIGKILL: its process was ended"
        second = await work.connected()
        assert second != first
        await until(lambda: work.values("press-1/shots") == [7] and work.notes("jobs"))
        assert work.values("mill-1/power") == [2.0]
        assert work.runner.health.connected


async def test_a_process_that_is_held_is_ended_and_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart_runner, "SILENCE", 4.0)
    async with at_work(tmp_path) as work:
        held = await work.connected()
        work.do("hold 600")
        await until(lambda: not work.runner.health.connected)
        assert work.runner.health.cause == "4 s: its process gave no sign of life"
        assert not lives(held)


@pytest.mark.parametrize("way", ["eat 2000", "eat-slowly 2000"])
async def test_a_process_that_takes_too_much_memory_starts_again_and_health_says_so(
    tmp_path: Path, way: str
) -> None:
    async with at_work(tmp_path, memory=300) as work:
        first = await work.connected()
        work.do(way)
        await until(lambda: not work.runner.health.connected)
        assert work.runner.health.cause == "300 MB: its process needed more memory"
        assert not lives(first)


async def test_a_bug_of_the_sink_is_one_traceback_in_the_log_and_a_new_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with at_work(tmp_path) as work:
        await work.connected()
        work.do("err a bug")
        await until(lambda: not work.runner.health.connected)
        assert str(work.runner.health.cause).startswith("it has failed: ZeroDivisionError")
    [told] = [one.message for one in caplog.records if "Traceback" in one.message]
    assert told.startswith("notes failed; it starts again, everything else goes on\n")
    assert told.endswith("ZeroDivisionError: a bug")


async def test_what_the_process_says_is_in_the_language_of_the_gateways_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    german = logging.NullHandler()
    german.setFormatter(Spoken("de"))
    logging.getLogger().addHandler(german)
    try:
        async with at_work(tmp_path) as work:
            await work.connected()
            work.do("err a bug")
            await until(lambda: not work.runner.health.connected)
    finally:
        logging.getLogger().removeHandler(german)
    [told] = [one.message for one in caplog.records if "Traceback" in one.message]
    assert told.startswith("notes ausgefallen; startet neu, alles andere läuft weiter\n")


async def test_a_peer_that_is_away_is_tried_again_by_the_same_process(tmp_path: Path) -> None:
    (tmp_path / "away").touch()
    async with at_work(tmp_path) as work:
        await until(lambda: work.runner.health.cause == "the peer is away")
        pid = work.pid
        assert work.runner.health.next_try is not None
        work.publish(power=5.0)
        (tmp_path / "away").unlink()
        assert await work.connected() == pid
        await until(lambda: work.values("mill-1/power") == [5.0])
        assert work.runner.health.connected
        work.do("lose the cable")
        await until(lambda: work.runner.health.cause == "the cable")
        assert work.pid == pid


async def test_what_the_peer_refuses_and_takes_is_counted(tmp_path: Path) -> None:
    async with at_work(tmp_path) as work:
        await work.connected()
        work.publish(do="reject a wrong type")
        await until(lambda: work.runner.health.refused == 1)
        work.publish(power=1.0)
        await until(lambda: work.runner.health.delivered == 1)


async def test_nonsense_from_the_process_ends_it(tmp_path: Path) -> None:
    async with at_work(tmp_path) as work:
        first = await work.connected()
        work.do("babble " + "x" * 100)
        await until(lambda: not work.runner.health.connected)
        assert "longer than" in str(work.runner.health.cause)
        assert not lives(first)


async def test_lines_of_the_process_stand_in_the_gateways_log_but_no_flood(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with at_work(tmp_path) as work:
        await work.connected()
        work.do("say 1000")
        work.publish(power=1.0)
        await until(lambda: work.values("mill-1/power"))
        await until(lambda: work.runner.health.delivered >= 2)
    lines = [one for one in caplog.records if one.name == "tests.apart.sinks"]
    assert [one.message for one in lines[:2]] == ["line 0", "line 1"]
    assert {one.levelno for one in lines} == {logging.WARNING}
    assert len(lines) <= 30


async def _double(content: str) -> int:
    return int(content) * 2


async def _never(_content: str) -> None:
    await asyncio.Event().wait()


async def _no(_content: str) -> None:
    raise WerkverbundError("not today")


async def _faulty(_content: str) -> None:
    raise ZeroDivisionError


async def _long(_content: str) -> str:
    return "x" * 2_000_000


async def test_questions_are_answered_or_refused_within_their_deadline(tmp_path: Path) -> None:
    answers = {"double": _double, "never": _never, "no": _no, "faulty": _faulty, "long": _long}
    async with at_work(tmp_path, answers=answers) as work:
        await work.connected()
        work.do("ask double 21 5")
        await until(lambda: work.notes("answer") == [42])
        for kind, why in {
            "never": "no answer in time",
            "no": "not today",
            "faulty": "failed",
            "long": "the answer is too long",
            "history": "nobody here answers 'history'",
        }.items():
            work.do(f"ask {kind} 1 1")
            await until(lambda why=why: why in work.notes("unanswered"))
        work.do("ask double 4 5")
        await until(lambda: work.notes("answer") == [42, 8])


async def test_a_gateway_without_answers_refuses_every_question(tmp_path: Path) -> None:
    async with at_work(tmp_path) as work:
        await work.connected()
        work.do("ask double 21 5")
        await until(lambda: work.notes("unanswered") == ["nobody here answers 'double'"])


async def test_a_question_dies_with_its_process(tmp_path: Path) -> None:
    cancelled = asyncio.Event()

    async def slow(_content: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with at_work(tmp_path, answers={"slow": slow}) as work:
        pid = await work.connected()
        work.do("ask slow 1 9")
        await until(lambda: work.values("mill-1/do"))
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(5):
            await cancelled.wait()


async def test_it_stops_with_the_gateway_in_order(tmp_path: Path) -> None:
    async with at_work(tmp_path) as work:
        pid = await work.connected()
    assert not lives(pid)
    assert work.notes("closed") == [pid]


async def test_a_process_that_is_held_does_not_hold_the_stop(tmp_path: Path) -> None:
    async with at_work(tmp_path) as work:
        pid = await work.connected()
        work.do("hold 600")
        await until(lambda: work.values("mill-1/do"))
    assert not lives(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_whether_it_stops_is_the_gateways_to_decide(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with at_work(tmp_path) as work:
        pid = await work.connected()
        os.kill(pid, number)
        work.publish(power=1.0)
        await until(lambda: work.values("mill-1/power"))
        assert work.pid == pid


async def test_at_work_it_is_the_first_to_wait_and_the_first_to_go(tmp_path: Path) -> None:
    async with at_work(tmp_path) as work:
        pid = await work.connected()
        await until(lambda: work.runner.health.connected)
        mine = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, pid) == min(mine + 5, 19)
        assert Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "500"


async def test_secrets_stand_on_no_command_line_and_in_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the gateway has them from its own environment."""
    monkeypatch.setenv("BROKER_PASSWORD", "Herbst-in-Weimar")
    config = NotesConfig(secret=SecretStr("Herbst-in-Jena"))
    async with at_work(tmp_path, config=config) as work:
        pid = await work.connected()
        for place in ("cmdline", "environ"):
            assert b"Herbst" not in Path(f"/proc/{pid}/{place}").read_bytes()


async def test_it_loads_nothing_of_the_acquisition(tmp_path: Path) -> None:
    async with at_work(tmp_path) as work:
        await work.connected()
        work.do("modules")
        [modules] = await until(lambda: work.notes("modules"))
    rooms = ("api", "cli", "history", "jobs", "journal", "network", "partners", "run", "sources")
    foreign = {f"gateway.{room}" for room in rooms}
    foreign |= {"pymodbus", "paho", "fastapi", "uvicorn", "sqlite3", "asyncua"}
    assert foreign & set(modules) == set()


GATEWAY = """
import asyncio, sys
from pathlib import Path
from tests.apart.at_work import at_work

async def main():
    async with at_work(Path(sys.argv[1])) as work:
        print(await work.connected(), flush=True)
        if sys.argv[2] == "held":
            work.do("hold 600")
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("way", ["well", "held"])
async def test_it_is_gone_when_its_gateway_is_killed(tmp_path: Path, way: str) -> None:
    gateway = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", GATEWAY, str(tmp_path), way),
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert gateway.stdout is not None
    pid = int(await asyncio.wait_for(gateway.stdout.readline(), 20))
    if way == "held":
        notes = tmp_path / "notes"
        await until(lambda: '"mill-1/do"' in notes.read_text("utf-8"))
    gateway.kill()
    await gateway.wait()
    await until(lambda: not lives(pid))


async def test_other_machines_are_told_before_what_comes_of_them(tmp_path: Path) -> None:
    async with at_work(tmp_path) as work:
        pid = await work.connected()
        work.runner.changed([executing()], [job()])
        await until(lambda: work.notes("machines"))
        work.runner.equip(work.order_without("mill-1"))
        work.publish("press-1", shots=7)
        work.runner.changed([executing("press-1")], [job()])
        await until(lambda: work.values("press-1/shots") == [7])
        await until(lambda: list(work.notes("machines")[-1]) == ["press-1"])
        lines = (tmp_path / "notes").read_text("utf-8")
        assert lines.index('"equipped"') < lines.index("press-1/shots")
        assert work.notes("equipped") == [["press-1"]]
        assert work.pid == pid, "the process is the one it was"


async def test_a_process_that_starts_again_begins_with_the_machines_of_now(tmp_path: Path) -> None:
    async with at_work(tmp_path) as work:
        pid = await work.connected()
        work.runner.equip(work.order_without("mill-1"))
        await until(lambda: work.notes("equipped"))
        os.kill(pid, signal.SIGKILL)
        await work.connected(times=2)
        assert work.notes("signals")[-1] < work.notes("signals")[0]
        assert len(work.notes("equipped")) == 1, "it is in its order"
