import pytest

from gateway.api.throttle import FREE_TRIES
from simulators.stage.lan import Presenter


@pytest.fixture
def presenter() -> Presenter:
    return Presenter(pin="123456")


def test_the_pin_makes_a_presenter(presenter):
    session = presenter.log_in(" 123456 ", "192.168.1.9")
    assert session is not None
    assert presenter.knows("192.168.1.9", session)
    assert not presenter.knows("192.168.1.9", "")
    assert presenter.knows("127.0.0.1", "")


def test_who_guesses_is_stopped_and_locks_out_nobody_else(presenter):
    for _ in range(FREE_TRIES):
        assert presenter.log_in("000000", "192.168.1.66") is None
    assert presenter.log_in("123456", "192.168.1.66") is None
    assert presenter.log_in("123456", "192.168.1.9") is not None
