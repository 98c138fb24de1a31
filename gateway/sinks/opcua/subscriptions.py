"""Subscriptions, each of one session: the service and what it publishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.subscription_service import SubscriptionService
from asyncua.ua.status_codes import StatusCodes

from gateway.sinks.opcua.items import Items
from gateway.sinks.opcua.limits import FASTEST, KEPT, QUEUE, SLOWEST

LIFETIME = 15_000
KEEP_ALIVE = 5_000
UNACKNOWLEDGED = 100
NOTIFICATIONS = 1000
"""Limits of one subscription: publications without a request, without a change, and kept ones;
notifications in one message."""


class Subscription(InternalSubscription):
    """Looks at what is due before it publishes, and keeps what was not acknowledged.

    ``most`` is how many notifications a message holds; what is left goes with the next one.
    """

    monitored_item_srv: Items

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.monitored_item_srv = Items(self, self.monitored_item_srv.aspace)
        self.most = NOTIFICATIONS

    async def publish_results(self, requestdata: Any = None) -> bool:
        """Publish what has come, to a waiting request if there is one."""
        await self.monitored_item_srv.release()
        done = sent = await super().publish_results(requestdata)
        while sent and self._publishing_enabled and self._waiting():
            sent = await super().publish_results()
        return done

    def _waiting(self) -> bool:
        return bool(self._triggered_datachanges)

    def _pop_publish_result(self) -> ua.PublishResult:
        result = super()._pop_publish_result()
        result.MoreNotifications = self._publishing_enabled and self._waiting()
        return result

    def _pop_triggered_datachanges(self, result: ua.PublishResult) -> None:
        taken: list[ua.MonitoredItemNotification] = []
        while self._triggered_datachanges and len(taken) < self.most:
            number = next(iter(self._triggered_datachanges))
            waiting = self._triggered_datachanges.pop(number)
            room = self.most - len(taken)
            taken += waiting[:room]
            if waiting[room:]:
                self._triggered_datachanges[number] = waiting[room:]
        if taken:
            notice = ua.DataChangeNotification()
            notice.MonitoredItems = taken
            result.NotificationMessage.NotificationData.append(notice)

    def republish(self, nb: int) -> ua.NotificationMessage:
        """A message that was sent before. Raises ServiceError: it is not kept."""
        kept = self._not_acknowledged_results.get(nb)
        if kept is None:
            raise ServiceError(StatusCodes.BadMessageNotAvailable)
        message: ua.NotificationMessage = kept.NotificationMessage
        return message


class Subscriptions(SubscriptionService):
    """All subscriptions; which session may touch which is the session's question."""

    subscriptions: dict[int, Subscription]  # type: ignore[assignment]

    def of(self, session: ua.NodeId) -> Iterator[Subscription]:
        """The subscriptions of one session."""
        return (one for one in self.subscriptions.values() if one.session_id == session)

    def kept(self, session: ua.NodeId) -> int:
        """How many values may wait for one session."""
        return sum(one.monitored_item_srv.kept() for one in self.of(session))

    async def create_subscription(
        self,
        params: ua.CreateSubscriptionParameters,
        callback: Callable[..., Any],
        session_id: ua.NodeId,
        request_callback: Callable[..., Any] | None = None,
    ) -> ua.CreateSubscriptionResult:
        """A subscription within the limits; how many there may be is not asked here."""
        result = ua.CreateSubscriptionResult()
        wish = params.RequestedPublishingInterval
        result.RevisedPublishingInterval = min(max(FASTEST, wish), SLOWEST)
        keep_alive = params.RequestedMaxKeepAliveCount or KEEP_ALIVE
        result.RevisedMaxKeepAliveCount = min(keep_alive, KEEP_ALIVE)
        lifetime = min(params.RequestedLifetimeCount or LIFETIME, LIFETIME)
        result.RevisedLifetimeCount = max(lifetime, 3 * result.RevisedMaxKeepAliveCount)
        self._sub_id_counter += 1
        number = result.SubscriptionId = self._sub_id_counter
        made = Subscription(
            result,
            self.aspace,
            callback,
            session_id,
            request_callback=request_callback,
            delete_callback=lambda: self.subscriptions.pop(number, None),
            no_acks_limit=UNACKNOWLEDGED,
            max_queue_size=QUEUE,
            publishing_enabled=params.PublishingEnabled,
        )
        made.most = min(params.MaxNotificationsPerPublish or NOTIFICATIONS, NOTIFICATIONS)
        made.monitored_item_srv.room = lambda: KEPT - self.kept(session_id)
        self.subscriptions[number] = made
        await made.start()
        return result
