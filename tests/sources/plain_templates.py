"""Small templates for tests: registers whose value says where they stand."""

from __future__ import annotations

import json

from gateway.machines.template import Template


def words_template(*addresses: int, table: str = "holding-registers", **more: object) -> Template:
    """One uint16 point per address, named after it."""
    encoding = "bit" if table in ("coils", "discrete-inputs") else "uint16"
    return Template.model_validate_json(
        json.dumps(
            {
                "schema": 1,
                "template": "words",
                "title": {"de": "Wörter", "en": "Words"},
                "identification": {"manufacturer": "none", "model": "none"},
                "points": [
                    {
                        "name": f"w{address}",
                        "means": {"de": "Wort", "en": "word"},
                        "table": table,
                        "address": address,
                        "encoding": encoding,
                    }
                    for address in addresses
                ],
                **more,
            }
        )
    )
