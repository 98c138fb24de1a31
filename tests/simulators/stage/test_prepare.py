import errno
import socket
import stat

import pytest

from simulators.stage import prepare
from simulators.stage.ports import Ports, taken
from simulators.stage.prepare import NotPossibleError


def test_two_demos_never_share_a_state_folder(tmp_path):
    with (
        prepare.alone(tmp_path / "demo"),
        pytest.raises(NotPossibleError, match="runs already"),
        prepare.alone(tmp_path / "demo"),
    ):
        pass
    with prepare.alone(tmp_path / "demo"):
        pass  # the first one is over


def test_the_demo_s_folder_is_its_owner_s_alone_whoever_has_made_it(tmp_path):
    (tmp_path / "old").mkdir(mode=0o755)
    for name in ("old", "new", "deep/er/demo"):
        with prepare.alone(tmp_path / name):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700


def test_fresh_forgets_what_a_demo_has_made_and_nothing_else(tmp_path):
    (tmp_path / "firms" / "one").mkdir(parents=True)
    made = ("consortium.yaml", prepare.MACHINES)
    for name in (*made, "mine.txt"):
        (tmp_path / name).touch()
    prepare.clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_computer_that_does_not_reach_itself_is_told_what_to_do(monkeypatch):
    def unreachable(_self, _address) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    prepare.check_loopback()
    monkeypatch.setattr(socket.socket, "connect", unreachable)
    with pytest.raises(NotPossibleError, match="lo up"):
        prepare.check_loopback()


async def test_a_port_that_only_the_room_cannot_have_is_taken_too():
    """With --lan the stage listens at one more address, perhaps somebody else does there."""
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.2", 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        assert taken([port]) == []
        assert taken([port], "127.0.0.2") == [port]
        with pytest.raises(NotPossibleError, match=str(port)):
            await prepare.check_ports(Ports(port), 0, room="127.0.0.2")
