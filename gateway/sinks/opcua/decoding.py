"""What a stranger's bytes may make asyncua build: bounded in one place, for every type.

asyncua decodes a request before it looks for a session, and believes every length in it: an array
of Null has no bytes and any length, a negative length steps back, so that a few bytes are read for
ever. Its decoders are functions in one module, made when a type is first met; ``guard`` puts ours
in their places. tests/contracts/test_asyncua.py holds what they replace.

- A length below -1 is refused, and so is a list with more elements than bytes that are left.
- An element that takes no byte is refused: so the work grows with the message and not faster.
- A list in a request has OPERATIONS elements at most, arrays of numbers more; all lists of one
  request together have ELEMENTS (``Request``).
- The header's AdditionalHeader is passed over unread.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import NoneType
from typing import Any

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.ua import ua_binary
from asyncua.ua.status_codes import StatusCodes

OPERATIONS = 1000
ELEMENTS = 10_000
"""Limits of one request: nodes, items, or whatever else a list of it holds; elements in all."""

VERSION = "2.1.0"
"""The asyncua that was read when this was written."""

Decoder = Callable[[Any], Any]


class Request(Buffer):
    """The bytes of one request. Parts of it share what the whole may still hold."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._room = [ELEMENTS]

    def copy(self, size: int = -1) -> Request:
        """A look at the next bytes, which count as those of the whole."""
        part = super().copy(size)
        shadow = Request.__new__(Request)
        shadow.__dict__.update(vars(part), _room=self._room)
        return shadow

    def make_room(self, count: int, *, numbers: bool) -> None:
        """Count elements before they are made. Raises ServiceError."""
        if count > OPERATIONS and not numbers:
            raise ServiceError(StatusCodes.BadTooManyOperations)
        self._room[0] -= count
        if self._room[0] < 0:
            raise ServiceError(StatusCodes.BadEncodingLimitsExceeded)


def guard() -> None:
    """Put the bounded decoders in place of asyncua's, for the whole process; safe twice."""
    if ua_binary._create_list_deserializer is _list_decoder:  # noqa: SLF001
        return
    ua_binary._Bytes.unpack = staticmethod(_bytes)  # type: ignore[assignment,method-assign] # noqa: SLF001
    ua_binary._create_list_deserializer = _list_decoder  # noqa: SLF001
    ua_binary._create_uatype_array_deserializer = _array_decoder  # noqa: SLF001
    ua_binary._create_dataclass_deserializer = _structure_decoder  # noqa: SLF001
    ua_binary._reshape = _reshaped  # type: ignore[assignment] # noqa: SLF001
    ua_binary.extensionobject_from_binary = _extension_object  # type: ignore[assignment]
    # What was made before holds the functions that are replaced.
    ua_binary._create_uatype_deserializer.cache_clear()  # noqa: SLF001
    ua_binary._create_type_deserializer.cache_clear()  # noqa: SLF001


def _refused() -> ServiceError:
    return ServiceError(StatusCodes.BadDecodingError)


def _length(content: Any) -> int:
    """The length of what follows, -1 for null, never longer than what is left."""
    length = int(ua_binary.Primitives.Int32.unpack(content))
    if not -1 <= length <= len(content):
        raise _refused()
    return length


def _bytes(content: Any) -> bytes | None:
    length = _length(content)
    return None if length == -1 else content.read(length)


def _count(content: Any, *, numbers: bool = False) -> int:
    count = _length(content)
    if count > 0 and isinstance(content, Request):
        content.make_room(count, numbers=numbers)
    return count


def _elements(content: Any, count: int, element: Decoder) -> list[Any]:
    made = []
    for _ in range(count):
        left = len(content)
        made.append(element(content))
        if len(content) == left:
            raise _refused()
    return made


@functools.cache
def _list_decoder(kind: Any) -> Decoder:
    decoder_of: Any = ua_binary._create_type_deserializer  # noqa: SLF001

    def decode(content: Any) -> list[Any]:
        count = _count(content)  # the decoder is made late: types may contain each other
        return _elements(content, count, decoder_of(kind, NoneType))

    return decode


@functools.cache
def _array_decoder(kind: ua.VariantType) -> Decoder:
    numbers = getattr(ua_binary.Primitives1, kind.name, None)
    element = ua_binary._create_uatype_deserializer(kind)  # noqa: SLF001

    def decode(content: Any) -> list[Any] | None:
        count = _count(content, numbers=numbers is not None)
        if count == -1:
            return None
        if numbers is None:
            return _elements(content, count, element)
        return list(numbers.unpack_array(content, count))

    return decode


_structure_decoder_of = ua_binary._create_dataclass_deserializer  # noqa: SLF001


@functools.cache
def _structure_decoder(kind: Any) -> Decoder:
    if kind is ua.RequestHeader:
        return _header
    return _structure_decoder_of(kind)


def _header(content: Any) -> ua.RequestHeader:
    basic = ua_binary.Primitives
    header = ua.RequestHeader(
        AuthenticationToken=ua_binary.nodeid_from_binary(content),
        Timestamp=basic.DateTime.unpack(content),
        RequestHandle=basic.UInt32.unpack(content),
        ReturnDiagnostics=basic.UInt32.unpack(content),
        AuditEntryId=basic.String.unpack(content),
        TimeoutHint=basic.UInt32.unpack(content),
    )
    ua_binary.nodeid_from_binary(content)
    if content.read(1) != b"\x00":
        content.skip(max(0, _length(content)))
    return header


_extension_object_of = ua_binary.extensionobject_from_binary


def _extension_object(content: Any) -> Any:
    """As asyncua's, once the length of its body is found to be right."""
    ahead = content.copy()
    ua_binary.nodeid_from_binary(ahead)
    if ahead.read(1) != b"\x00":
        _length(ahead)
    return _extension_object_of(content)


def _reshaped(flat: list[Any], dimensions: list[int] | None) -> list[Any]:
    """The elements of an array with dimensions, which must be as many as those say."""
    dimensions = dimensions or [len(flat)]
    declared = 1
    for one in dimensions:
        declared *= one
        if one < 0 or declared > len(flat):
            raise _refused()
    if declared != len(flat) or len(dimensions) > 8:
        raise _refused()
    shaped = flat
    for size in reversed(dimensions[1:]):
        step = max(1, size)
        shaped = [shaped[at : at + step] for at in range(0, len(shaped), step)]
    return shaped
