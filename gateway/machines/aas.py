"""Elements of the Asset Administration Shell, as its metamodel 3.0 writes them in JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.core.text import Text

Element = dict[str, Any]
"""One element, as it stands in JSON."""


def collection(name: str, means: str, value: Sequence[Element], *also: str) -> Element:
    """A collection of elements; ``means`` is its semantic id, ``also`` are further ones."""
    found: Element = {
        "modelType": "SubmodelElementCollection",
        "idShort": name,
        "semanticId": semantic(means),
        "value": list(value),
    }
    if also:
        found["supplementalSemanticIds"] = [semantic(one) for one in also]
    return found


def value_of(name: str, means: str, value: str, value_type: str = "xs:string") -> Element:
    """A property with its value."""
    return {
        "modelType": "Property",
        "idShort": name,
        "semanticId": semantic(means),
        "valueType": value_type,
        "value": value,
    }


def flag(name: str, means: str, *, yes: bool) -> Element:
    """A property that is true or false."""
    return value_of(name, means, str(yes).lower(), "xs:boolean")


def limits(name: str, means: str, value_type: str, low: str | None, high: str | None) -> Element:
    """A range, open where a limit is None."""
    ends = {"min": low, "max": high}
    return {
        "modelType": "Range",
        "idShort": name,
        "semanticId": semantic(means),
        "valueType": value_type,
        **{end: limit for end, limit in ends.items() if limit is not None},
    }


def references(name: str, means: str, to: Sequence[Element]) -> Element:
    """A list of references whose order says nothing."""
    return {
        "modelType": "SubmodelElementList",
        "idShort": name,
        "semanticId": semantic(means),
        "orderRelevant": False,
        "typeValueListElement": "ReferenceElement",
        "value": [{"modelType": "ReferenceElement", "value": one} for one in to],
    }


def texts(name: str, means: str, listed: Sequence[str]) -> Element:
    """A list of texts in their order."""
    return {
        "modelType": "SubmodelElementList",
        "idShort": name,
        "semanticId": semantic(means),
        "orderRelevant": True,
        "typeValueListElement": "Property",
        "valueTypeListElement": "xs:string",
        "value": [
            {"modelType": "Property", "valueType": "xs:string", "value": one} for one in listed
        ],
    }


def qualifier(of: str, value_type: str, value: str) -> Element:
    """What is said of an element beside its own terms."""
    return {"kind": "ConceptQualifier", "type": of, "valueType": value_type, "value": value}


def said(text: Text) -> list[Element]:
    """A text in both languages."""
    return [{"language": "de", "text": text.de}, {"language": "en", "text": text.en}]


def semantic(means: str) -> Element:
    """A reference to what something means."""
    return {"type": "ExternalReference", "keys": [{"type": "GlobalReference", "value": means}]}


def inside(submodel: str, *path: str) -> Element:
    """A reference to the collection at ``path`` of a submodel, which is known by its id."""
    collections = [{"type": "SubmodelElementCollection", "value": one} for one in path]
    return {
        "type": "ModelReference",
        "keys": [{"type": "Submodel", "value": submodel}, *collections],
    }
