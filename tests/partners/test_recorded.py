"""Messages of earlier versions are read, and a newer sender's added keys are left unread.

``recorded/`` holds messages as gateways have signed them, in the demo; they are never changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.network import disclosure
from gateway.network.document import from_document
from gateway.partners.checks import read_ready
from gateway.partners.messages import Kind, Message, header, read
from tests.partners.firms import FURNACE, LEAD, START, opened, until, working
from tests.partners.test_checks import ORDER
from tests.partners.test_healing import Storm
from tests.partners.test_unsound import L3, handed_over

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.json"))


def meant(content: dict[str, Any]) -> tuple[Message, object]:
    """What a message says to this version."""
    head = content["header"]
    message = read(content, head["senderBpn"], head["receiverBpn"])
    if message.kind is Kind.ORDER:
        return message, from_document(message.fields)
    if message.kind is Kind.READY:
        return message, read_ready(message.fields, head["senderBpn"], ORDER)
    assert message.level is not None
    return message, disclosure.read(message.fields, message.level)


def with_more(value: Any) -> Any:
    """The same with a key more in every object."""
    if isinstance(value, list):
        return [with_more(entry) for entry in value]
    if isinstance(value, dict):
        return {key: with_more(entry) for key, entry in value.items()} | {"added": {"later": [1]}}
    return value


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_a_recorded_message_is_read_also_with_added_keys(file: Path) -> None:
    content = orjson.loads(file.read_bytes())
    message, says = meant(content)
    assert says is not None
    newer, also = meant(with_more(content))
    assert also == says
    assert newer.model_copy(update={"fields": {}}) == message.model_copy(update={"fields": {}})


def test_every_kind_that_tells_of_an_order_is_recorded() -> None:
    kinds = {orjson.loads(file.read_bytes())["kind"] for file in RECORDED}
    assert {"order", "report", "summary", "ready"} <= kinds
    levels = {orjson.loads(file.read_bytes()).get("level") for file in RECORDED}
    assert {"L1", "L2", "L3"} <= levels


async def test_an_added_key_is_neither_refused_nor_shown(tmp_path: Path) -> None:
    storm = Storm(1, loss=0.0)
    async with working(tmp_path, (LEAD, FURNACE), transport=storm.of) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await until(lambda: lead.knows("AP3", good=0))
        letter = Message(
            header=header(FURNACE, LEAD, Kind.REPORT, at=START), kind=Kind.REPORT,
            order="GA-17", version=1,
            package="AP3", level="L3", chain="f" * 16, sequence=1, fields=L3,
        ).content()  # fmt: skip
        storm.carry(FURNACE, LEAD, handed_over(orjson.dumps(with_more(letter)), furnace, lead))
        await until(lambda: lead.knows("AP3", good=600))
        newest = next(e for e in lead.received() if e["fields"].get("good") == 600)
        assert newest["fields"] == L3
        assert b"added" not in orjson.dumps(lead.order())
        assert not [e for e in lead.exchange.audited() if e["what"] == "refused"]
