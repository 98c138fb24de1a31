"""``--fresh``: a demo that knows nothing of the one before in the same folder."""

from __future__ import annotations

from pathlib import Path

from tests.system.conftest import Demos
from tests.system.factory import FAIR, MINI


def test_fresh_forgets_what_was_before(demos: Demos) -> None:
    before = demos.of(MINI)
    kept = Path(before.ready["state"])
    assert before.get(before.lead, "orders"), "there is something to forget"
    keys = (kept / "consortium.yaml").read_text("utf-8")
    demos.stop()
    assert (kept / "firms").is_dir(), "a demo that ends leaves everything"
    # The tests of the show go on with this one.
    fair = demos.of(FAIR, "--fresh", state=kept.parents[1])
    assert Path(fair.ready["state"]) == kept
    assert [order["id"] for order in fair.get(fair.lead, "orders")] == ["GA-17"]
    assert (kept / "consortium.yaml").read_text("utf-8") != keys, "new firms, new keys"
    assert fair.state()["run"] == 1
