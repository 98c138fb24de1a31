"""What one session may do: read, browse and subscribe to what is its own. The rest is refused.

Where a service works on a list, each entry of it is answered: some clients drop the connection at
the fault of a whole service, and a client that only tries to write should go on reading.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.internal_session import InternalSession
from asyncua.ua.status_codes import StatusCodes

from gateway.sinks.opcua import reading
from gateway.sinks.opcua.limits import ALL_SUBSCRIPTIONS, SUBSCRIPTIONS
from gateway.sinks.opcua.subscriptions import Subscription, Subscriptions
from gateway.sinks.opcua.values import code, node_id
from gateway.sinks.opcua.view import BREATH, Browsing

if TYPE_CHECKING:
    from gateway.sinks.opcua.guarded import Internal


class Session(InternalSession):
    """A session of a client.

    ``place`` is the connection that it is on, ``left`` when (monotonic) that was lost.
    """

    iserver: Internal
    subscription_service: Subscriptions

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.iserver.unregister_external_session(self)
        self.auth_token = node_id(secrets.token_bytes(32))  # asyncua counts them up
        self.iserver.register_external_session(self)
        self.place: Any = None
        self.left: float | None = None
        self.certificate: bytes | None = None
        self._browsing = Browsing(self.iserver.view)

    def activate_session(
        self, params: ua.ActivateSessionParameters, peer_certificate: bytes | None
    ) -> ua.ActivateSessionResult:
        """Let a user in; on another connection only with the certificate of the first."""
        if self.is_activated() and peer_certificate != self.certificate:
            raise ServiceError(StatusCodes.BadSecurityChecksFailed)
        begins = not self.is_activated()
        result = super().activate_session(params, peer_certificate)
        self.iserver.tally.CumulatedSessionCount += begins
        self.certificate, self.left = peer_certificate, None
        return result

    async def close_session(self, delete_subs: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002
        """End the session, and with it its subscriptions, whatever the client asked for."""
        idle = time.monotonic() - self._last_activity
        if self.is_activated() and idle >= (self.session_timeout or math.inf):
            self.iserver.tally.SessionTimeoutCount += 1
        await super().close_session(delete_subs=True)

    def leave(self) -> None:
        """Its connection was lost: it waits for the next one, as long as there is room."""
        self.left = time.monotonic()

    async def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        """Read attributes."""
        if params.MaxAge < 0:
            raise ServiceError(StatusCodes.BadMaxAgeInvalid)
        results = []
        for number, one in enumerate(_some(params.NodesToRead)):
            results.append(reading.read(self.aspace, one))
            if number % BREATH == BREATH - 1:
                await asyncio.sleep(0)
        return results

    async def write(self, params: ua.WriteParameters) -> list[ua.StatusCode]:
        """Refuse to write, node by node."""
        return [self._not_writable(one) for one in _some(params.NodesToWrite)]

    async def call(self, params: list[ua.CallMethodRequest]) -> list[ua.CallMethodResult]:
        """Refuse to call methods, one by one."""
        denied = code(StatusCodes.BadUserAccessDenied)
        return [ua.CallMethodResult(denied) for _ in _some(params)]

    async def history_read(self, params: ua.HistoryReadParameters) -> list[ua.HistoryReadResult]:
        """Say for each node that there is no history here."""
        none = code(StatusCodes.BadHistoryOperationUnsupported)
        return [ua.HistoryReadResult(none) for _ in _some(params.NodesToRead)]

    async def browse(self, params: ua.BrowseParameters) -> list[ua.BrowseResult]:
        """Browse nodes."""
        _some(params.NodesToBrowse)
        return await self._browsing.first(params)

    async def browse_next(self, parameters: ua.BrowseNextParameters) -> list[ua.BrowseResult]:
        """Go on where Browse stopped."""
        _some(parameters.ContinuationPoints)
        return self._browsing.next(parameters)

    async def translate_browsepaths_to_nodeids(
        self, params: list[ua.BrowsePath]
    ) -> list[ua.BrowsePathResult]:
        """Follow paths of names."""
        return await self._browsing.translate(_some(params))

    async def create_subscription(
        self,
        params: ua.CreateSubscriptionParameters,
        callback: Callable[..., Any],
        request_callback: Callable[..., Any] | None = None,
    ) -> ua.CreateSubscriptionResult:
        """A subscription, if there is room; sessions that nobody is connected to make some."""
        service = self.subscription_service
        if sum(1 for _ in self._own()) >= SUBSCRIPTIONS:
            raise ServiceError(StatusCodes.BadTooManySubscriptions)
        while len(service.subscriptions) >= ALL_SUBSCRIPTIONS:
            if not await self.iserver.end_longest_left():
                raise ServiceError(StatusCodes.BadTooManySubscriptions)
        self.iserver.tally.CumulatedSubscriptionCount += 1
        return await super().create_subscription(params, callback, request_callback)

    def modify_subscription(self, params: ua.ModifySubscriptionParameters) -> Any:
        """Tell the parameters of an own subscription, which stay."""
        self._require(params.SubscriptionId)
        return super().modify_subscription(params)

    async def delete_subscriptions(self, ids: list[int]) -> list[ua.StatusCode]:
        """End own subscriptions."""
        own = {one.data.SubscriptionId for one in self._own()}
        results = []
        for number in _some(ids) if self.is_activated() else ids:
            if number in own:
                own.discard(number)
                results += await super().delete_subscriptions([number])
            else:
                results.append(code(StatusCodes.BadSubscriptionIdInvalid))
        return results

    async def set_publishing_mode(self, params: ua.SetPublishingModeParameters) -> Any:
        """Switch own subscriptions on and off."""
        results = []
        for number in _some(params.SubscriptionIds):
            one = self._find(number)
            if one is not None:
                await one.set_publishing_mode(params.PublishingEnabled)
            results.append(code(StatusCodes.Good if one else StatusCodes.BadSubscriptionIdInvalid))
        return results

    def publish(self, acks: Iterable[ua.SubscriptionAcknowledgement] | None = None) -> Any:
        """Acknowledge messages of own subscriptions; how many of those there are."""
        own = {one.data.SubscriptionId: one for one in self._own()}
        if not own:
            raise ServiceError(StatusCodes.BadNoSubscription)
        return len(own), [_acknowledge(own.get(ack.SubscriptionId), ack) for ack in acks or ()]

    def republish(self, params: ua.RepublishParameters) -> ua.NotificationMessage:
        """A message of an own subscription that was sent before."""
        return self._require(params.SubscriptionId).republish(params.RetransmitSequenceNumber)

    async def transfer_subscriptions(  # type: ignore[override]
        self, params: ua.TransferSubscriptionsParameters, callback: Callable[..., Any]
    ) -> list[ua.TransferResult]:
        """Take over subscriptions that the same user left with the same certificate."""
        return [self._transfer(one, callback) for one in _some(params.SubscriptionIds)]

    async def create_monitored_items(self, params: ua.CreateMonitoredItemsParameters) -> Any:
        """Watch nodes, as many as there are variables."""
        one = self._require(params.SubscriptionId)
        asked = _some(params.ItemsToCreate)
        room = self.iserver.variables - sum(len(own.monitored_item_srv) for own in self._own())
        params.ItemsToCreate = list(asked[: max(0, room)])
        results = await one.monitored_item_srv.create_monitored_items(params)
        full = code(StatusCodes.BadTooManyMonitoredItems)
        return results + [ua.MonitoredItemCreateResult(full)] * (len(asked) - len(results))

    async def modify_monitored_items(self, params: ua.ModifyMonitoredItemsParameters) -> Any:
        """Watch nodes otherwise."""
        _some(params.ItemsToModify)
        return self._require(params.SubscriptionId).monitored_item_srv.modify_monitored_items(
            params
        )

    async def set_monitoring_mode(self, params: ua.SetMonitoringModeParameters) -> Any:
        """Switch items of an own subscription on and off."""
        items = self._require(params.SubscriptionId).monitored_item_srv
        return await items.set_monitoring_mode(
            params.MonitoringMode, list(_some(params.MonitoredItemIds))
        )

    async def delete_monitored_items(self, params: ua.DeleteMonitoredItemsParameters) -> Any:
        """Watch nodes no longer."""
        items = self._require(params.SubscriptionId).monitored_item_srv
        return items.delete_monitored_items(list(_some(params.MonitoredItemIds)))

    def _own(self) -> Iterator[Subscription]:
        return self.subscription_service.of(self.session_id)

    def _find(self, number: int) -> Subscription | None:
        found = self.subscription_service.subscriptions.get(number)
        return found if found is not None and found.session_id == self.session_id else None

    def _require(self, number: int) -> Subscription:
        found = self._find(number)
        if found is None:
            raise ServiceError(StatusCodes.BadSubscriptionIdInvalid)
        return found

    def _not_writable(self, asked: ua.WriteValue) -> ua.StatusCode:
        kept = self.aspace.get(asked.NodeId)
        if kept is None:
            return code(StatusCodes.BadNodeIdUnknown)
        if asked.AttributeId not in kept.attributes:
            return code(StatusCodes.BadAttributeIdInvalid)
        return code(StatusCodes.BadNotWritable)

    def _transfer(self, number: int, callback: Callable[..., Any]) -> ua.TransferResult:
        found = self.subscription_service.subscriptions.get(number)
        before = self.iserver.session(found.session_id) if found is not None else None
        if found is None or before is None:
            return ua.TransferResult(code(StatusCodes.BadSubscriptionIdInvalid))
        named = (self.certificate, self.user.name)
        if not self.certificate or named != (before.certificate, before.user.name):
            return ua.TransferResult(code(StatusCodes.BadUserAccessDenied))
        found.session_id = self.session_id
        found.pub_result_callback = callback
        # Both callbacks are of one connection; asyncua hands on only the first.
        found.pub_request_callback = callback.__self__.get_publish_request  # type: ignore[attr-defined]
        return ua.TransferResult(code(StatusCodes.Good), sorted(found._not_acknowledged_results))  # noqa: SLF001


def _some(entries: Sequence[Any] | None) -> Sequence[Any]:
    """A list with something to do in it; null and empty are the same."""
    if not entries:
        raise ServiceError(StatusCodes.BadNothingToDo)
    return entries


def _acknowledge(one: Subscription | None, ack: ua.SubscriptionAcknowledgement) -> ua.StatusCode:
    if one is None:
        return code(StatusCodes.BadSubscriptionIdInvalid)
    kept = ack.SequenceNumber in one._not_acknowledged_results  # noqa: SLF001
    one.publish([ack.SequenceNumber])
    return code(StatusCodes.Good if kept else StatusCodes.BadSequenceNumberUnknown)
