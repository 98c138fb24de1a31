"""Monitored items: how often a value is looked at, and what counts as a change of it.

asyncua hands on every value, whatever the client asked for, knows no percent deadband, and compares
with the value before instead of the last one reported, so that a slow drift is never seen.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from time import monotonic
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.monitored_item_service import MonitoredItemData, MonitoredItemService
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaprotocol_auto import DataChangeFilter  # ua. has a child of it

from gateway.sinks.opcua import reading
from gateway.sinks.opcua.limits import KEPT, SLOWEST
from gateway.sinks.opcua.values import code, node_id

_NUMBERS = {node_id(one) for one in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 26, 27, 28, 290)}


class Item(MonitoredItemData):
    """``every`` and ``due``: monotonic seconds; ``held``: came before it was due."""

    def __init__(self, plain: MonitoredItemData) -> None:
        super().__init__()
        self.__dict__.update(vars(plain))
        self.every = self.due = self.deadband = 0.0
        self.held: ua.DataValue | None = None
        self.reported: ua.DataValue | None = None
        self.range: str | None = None


class Items(MonitoredItemService):
    """The monitored items of one subscription."""

    _monitored_items: dict[int, Item]  # type: ignore[assignment]

    def __init__(self, isub: InternalSubscription, space: Any) -> None:
        super().__init__(isub, space)
        self._held: dict[int, Item] = {}
        self.room: Callable[[], int] = lambda: KEPT
        self._left = 0

    def __len__(self) -> int:
        return len(self._monitored_items)

    def kept(self) -> int:
        """How many values may wait for a client that does not ask for them."""
        return sum(item.queue_size for item in self._monitored_items.values())

    async def create_monitored_items(
        self, params: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        """Create them, as far as there is room with longer queues than one value."""
        self._left = self.room()
        return await super().create_monitored_items(params)

    def modify_monitored_items(
        self, params: ua.ModifyMonitoredItemsParameters
    ) -> list[ua.MonitoredItemModifyResult]:
        """Change them, as far as there is room with longer queues than one value."""
        self._left = self.room()
        return super().modify_monitored_items(params)

    def _revise_queue_size(self, requested: int) -> int:
        """How many values are kept of one item; 0 asks for the default, which is 1 (7.21)."""
        size = max(1, min(requested or 1, self.isub.max_queue_size, self._left))
        self._left -= size
        return size

    async def _create_data_change_monitored_item(
        self, params: ua.MonitoredItemCreateRequest
    ) -> ua.MonitoredItemCreateResult:
        asked, wish = params.ItemToMonitor, params.RequestedParameters
        wish.Filter = _filter(wish.Filter)
        try:
            self._check(asked)
            deadband = self._deadband(asked, wish.Filter)
        except ServiceError as error:
            return ua.MonitoredItemCreateResult(code(error.code))
        result, plain = self._make_monitored_item_common(params)
        item = Item(plain)
        item.deadband, item.range = deadband, asked.IndexRange or None
        result.RevisedSamplingInterval = self._revised(wish.SamplingInterval)
        item.every = result.RevisedSamplingInterval / 1000
        result.StatusCode, handle = self.aspace.add_datachange_callback(
            asked.NodeId, asked.AttributeId, self.datachange_callback
        )
        if result.StatusCode.is_good():
            item.callback_handle = handle
            self._monitored_items[result.MonitoredItemId] = item
            self._monitored_datachange[handle] = result.MonitoredItemId
            if item.mode != ua.MonitoringMode.Disabled:
                await self.trigger_datachange(handle, asked.NodeId, asked.AttributeId)
        return result

    def _create_events_monitored_item(
        self, params: ua.MonitoredItemCreateRequest
    ) -> ua.MonitoredItemCreateResult:
        if not isinstance(params.RequestedParameters.Filter, ua.EventFilter):
            return ua.MonitoredItemCreateResult(code(StatusCodes.BadMonitoredItemFilterInvalid))
        result = super()._create_events_monitored_item(params)
        if result.StatusCode.is_good():
            kept = self._monitored_items[result.MonitoredItemId]
            self._monitored_items[result.MonitoredItemId] = Item(kept)
        return result

    def _modify_monitored_item(
        self, params: ua.MonitoredItemModifyRequest
    ) -> ua.MonitoredItemModifyResult:
        item = self._monitored_items.get(params.MonitoredItemId)
        if item is None or item.read_value_id is None:
            return ua.MonitoredItemModifyResult(code(StatusCodes.BadMonitoredItemIdInvalid))
        wish, asked = params.RequestedParameters, item.read_value_id
        wish.Filter = _filter(wish.Filter)
        event = asked.AttributeId == AttributeIds.EventNotifier
        if event != isinstance(wish.Filter, ua.EventFilter) and wish.Filter is not None:
            return ua.MonitoredItemModifyResult(code(StatusCodes.BadFilterNotAllowed))
        if not event:
            try:
                item.deadband = self._deadband(asked, wish.Filter)
            except ServiceError as error:
                return ua.MonitoredItemModifyResult(code(error.code))
        result = ua.MonitoredItemModifyResult()
        result.RevisedSamplingInterval = self._revised(wish.SamplingInterval)
        self._left += item.queue_size
        result.RevisedQueueSize = self._revise_queue_size(wish.QueueSize)
        item.due += result.RevisedSamplingInterval / 1000 - item.every
        item.every = result.RevisedSamplingInterval / 1000
        item.queue_size, item.client_handle = result.RevisedQueueSize, wish.ClientHandle
        if wish.Filter is not None or not event:
            item.filter = wish.Filter
        return result

    async def datachange_callback(
        self, handle: int, value: ua.DataValue, error: ua.StatusCode | None = None
    ) -> None:
        """Look at a value now, or keep it (the newest) until the item is due."""
        if error is not None:
            await super().datachange_callback(handle, value, error)
            return
        number = self._monitored_datachange[handle]
        item = self._monitored_items[number]
        if item.mode == ua.MonitoringMode.Disabled:
            return
        now = monotonic() if item.every else 0.0
        if item.held is not None and now >= item.due:  # what a look at that time would have seen
            await self._take(number, item, item.held, item.due)
        if item.every and now < item.due:
            item.held = value
            self._held[number] = item
        else:
            await self._take(number, item, value, now)

    async def release(self) -> None:
        """Look at the values that were kept and are due."""
        if not self._held:
            return
        now = monotonic()
        for number, item in tuple(self._held.items()):
            if now < item.due and number in self._monitored_items:
                continue
            del self._held[number]
            if item.held is not None and number in self._monitored_items:
                await self._take(number, item, item.held, item.due)

    async def _take(self, number: int, item: Item, value: ua.DataValue, at: float) -> None:
        on_time = at - item.due < item.every  # else nothing came for a while: count anew
        item.due = (item.due if on_time else at) + item.every
        item.held = None
        self._held.pop(number, None)
        value = reading.within(value, item.range)
        if item.reported is not None and not _changed(item, item.reported, value):
            return
        item.reported = copy.deepcopy(value)  # Stamped ones are shared, not copied
        notice = ua.MonitoredItemNotification()
        notice.ClientHandle, notice.Value = item.client_handle, value
        await self.isub.enqueue_datachange_event(number, notice, item.queue_size)

    def _revised(self, wish: float) -> float:
        """The sampling interval in ms; negative: as often as is published; 0: every value."""
        if math.isnan(wish) or wish < 0:
            return float(self.isub.data.RevisedPublishingInterval)
        return float(min(wish, SLOWEST))

    def _check(self, asked: ua.ReadValueId) -> None:
        refused = reading.range_refused(asked.IndexRange)
        refused = refused or reading.encoding_refused(self.aspace, asked)
        if refused is not None and asked.NodeId in self.aspace:
            raise ServiceError(refused.value)

    def _deadband(self, asked: ua.ReadValueId, wanted: Any) -> float:
        """The deadband of a filter in the unit of the value (OPC 10000-8, 6.2 for percent)."""
        if wanted is None:
            return 0.0
        if not isinstance(wanted, DataChangeFilter):
            raise ServiceError(StatusCodes.BadFilterNotAllowed)
        if asked.AttributeId != AttributeIds.Value:
            raise ServiceError(StatusCodes.BadFilterNotAllowed)
        size = wanted.DeadbandValue
        if wanted.DeadbandType == ua.DeadbandType.None_:
            return 0.0
        if wanted.DeadbandType not in (ua.DeadbandType.Absolute, ua.DeadbandType.Percent):
            raise ServiceError(StatusCodes.BadDeadbandFilterInvalid)
        if not math.isfinite(size) or size < 0:
            raise ServiceError(StatusCodes.BadDeadbandFilterInvalid)
        kind = self.aspace.read_attribute_value(asked.NodeId, AttributeIds.DataType).Value
        if kind is None or kind.Value not in _NUMBERS:
            raise ServiceError(StatusCodes.BadFilterNotAllowed)
        if wanted.DeadbandType == ua.DeadbandType.Absolute:
            return float(size)
        span = self._span(asked.NodeId)
        if span is None:
            raise ServiceError(StatusCodes.BadMonitoredItemFilterUnsupported)
        if size > 100:
            raise ServiceError(StatusCodes.BadDeadbandFilterInvalid)
        return float(size / 100 * (span.High - span.Low))

    def _span(self, node: ua.NodeId) -> ua.Range | None:
        """What EURange of a variable says."""
        for link in self.aspace[node].references:
            if link.IsForward and link.BrowseName == ua.QualifiedName("EURange", 0):
                kept = self.aspace.read_attribute_value(link.NodeId, AttributeIds.Value).Value
                return kept.Value if kept is not None else None
        return None


def _filter(sent: Any) -> Any:
    """A filter as it was sent; none at all comes as an object without a type."""
    null = isinstance(sent, ua.ExtensionObject) and sent.TypeId == node_id(0)
    return None if null else sent


def _changed(item: Item, old: ua.DataValue, new: ua.DataValue) -> bool:
    trigger = ua.DataChangeTrigger.StatusValue
    if isinstance(item.filter, DataChangeFilter):
        trigger = item.filter.Trigger
    if old.StatusCode != new.StatusCode:
        return True
    if trigger == ua.DataChangeTrigger.Status:
        return False
    if item.deadband:
        return _beyond(item.deadband, old.Value, new.Value)
    if trigger == ua.DataChangeTrigger.StatusValueTimestamp and (
        old.SourceTimestamp != new.SourceTimestamp
    ):
        return True
    return bool(old.Value != new.Value)


def _beyond(deadband: float, old: ua.Variant | None, new: ua.Variant | None) -> bool:
    was, now = (one.Value if one is not None else None for one in (old, new))
    if isinstance(was, int | float) and isinstance(now, int | float):
        return abs(now - was) > deadband
    return bool(was != now)
