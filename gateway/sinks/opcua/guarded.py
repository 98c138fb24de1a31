"""asyncua's server with its doors closed: what it leaves open by default, and how we shut it.

- Any user and password is accepted: our user check asks for a trusted certificate first, and on a
  channel without security (which asyncua always opens, for discovery) no session begins.
- What is not reading or subscribing is let through to ``sessions``, which refuses it entry by
  entry, or is no service of ours. RegisterServer is answered even without a session: refused.
- Bytes are decoded before anybody has logged in: ``decoding`` bounds what they may make.
- Connections, sessions, subscriptions and items are bounded (``limits``); what nobody uses makes
  room (``requests``, ``sessions``). A session may also be begun and left: one at a time may wait
  on a connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import SimpleRoleRuleset, User, UserRole
from asyncua.server.binary_server_asyncio import BinaryServer, OPCUAProtocol
from asyncua.server.event_generator import EventGenerator
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from cryptography import x509

from gateway.core.text import Text
from gateway.sinks.opcua import capabilities
from gateway.sinks.opcua.decoding import guard
from gateway.sinks.opcua.limits import CHUNK, CONNECTIONS, MESSAGE, SESSIONS
from gateway.sinks.opcua.requests import Connection
from gateway.sinks.opcua.security import Pki, Users, speaks_for
from gateway.sinks.opcua.sessions import Session
from gateway.sinks.opcua.sharing import SharingNodes
from gateway.sinks.opcua.subscriptions import Subscriptions
from gateway.sinks.opcua.values import node_id
from gateway.sinks.opcua.view import View

_log = logging.getLogger(__name__)

LEISURE = 0.25
"""Seconds within which a client that has not subscribed wants values."""

LOOK = 10.0
"""Seconds after which a client that is in is looked for among the trusted ones again."""

_IDS = ObjectIds
_ALLOWED = frozenset(
    node_id(number)
    for number in (
        _IDS.ReadRequest_Encoding_DefaultBinary,
        _IDS.WriteRequest_Encoding_DefaultBinary,
        _IDS.HistoryReadRequest_Encoding_DefaultBinary,
        _IDS.CallRequest_Encoding_DefaultBinary,
        _IDS.BrowseRequest_Encoding_DefaultBinary,
        _IDS.BrowseNextRequest_Encoding_DefaultBinary,
        _IDS.TranslateBrowsePathsToNodeIdsRequest_Encoding_DefaultBinary,
        _IDS.RegisterNodesRequest_Encoding_DefaultBinary,
        _IDS.UnregisterNodesRequest_Encoding_DefaultBinary,
        _IDS.CreateSubscriptionRequest_Encoding_DefaultBinary,
        _IDS.ModifySubscriptionRequest_Encoding_DefaultBinary,
        _IDS.DeleteSubscriptionsRequest_Encoding_DefaultBinary,
        _IDS.TransferSubscriptionsRequest_Encoding_DefaultBinary,
        _IDS.SetPublishingModeRequest_Encoding_DefaultBinary,
        _IDS.CreateMonitoredItemsRequest_Encoding_DefaultBinary,
        _IDS.ModifyMonitoredItemsRequest_Encoding_DefaultBinary,
        _IDS.DeleteMonitoredItemsRequest_Encoding_DefaultBinary,
        _IDS.SetMonitoringModeRequest_Encoding_DefaultBinary,
        _IDS.PublishRequest_Encoding_DefaultBinary,
        _IDS.RepublishRequest_Encoding_DefaultBinary,
        _IDS.CloseSecureChannelRequest_Encoding_DefaultBinary,
    )
)


class ReadOnly(SimpleRoleRuleset):
    """Which services there are: everybody who is in may ask them, and reads what he likes."""

    def __init__(self, door: Door | None) -> None:
        """Whoever is in has the same rights: no table of roles."""
        self._door = door

    def check_validity(self, user: User, action_type: ua.NodeId, body: Any) -> bool:  # noqa: ARG002
        """Whether a user may still ask. Raises ServiceError: there is no such service here."""
        if action_type not in _ALLOWED:
            raise ServiceError(StatusCodes.BadServiceUnsupported)
        return self._door is None or self._door.still_trusts(user)


@dataclass
class _Client(User):
    """Who is in, by which certificate, and when (monotonic) that was last found trusted."""

    certificate: bytes = b""
    looked: float = 0.0


class Door(UserManager):
    """Decides who gets a session: asyncua's certificate validator and user manager in one."""

    def __init__(self, pki: Pki, users: Users) -> None:
        self._pki = pki
        self._users = users

    async def validate(
        self, certificate: x509.Certificate, application: ua.ApplicationDescription
    ) -> None:
        """Refuse a client early, with the status code that says why."""
        now = datetime.now(UTC)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise ServiceError(StatusCodes.BadCertificateTimeInvalid)
        if not speaks_for(certificate, application.ApplicationUri):
            raise ServiceError(StatusCodes.BadCertificateUriInvalid)
        if not self._pki.trusts(_der(certificate)):
            raise ServiceError(StatusCodes.BadCertificateUntrusted)

    def get_user(
        self,
        iserver: InternalServer,  # noqa: ARG002
        username: str | None = None,
        password: str | None = None,
        certificate: bytes | None = None,
    ) -> User | None:
        """The user, if channel certificate and password are right. The name is asyncua's."""
        # ``validate`` sees what the client claims; this is what secured the channel.
        if certificate is None or not self._pki.trusts(certificate):
            return None
        if (
            username is None
            or password is None
            or not self._users.check(username, password, certificate)
        ):
            return None
        return _Client(UserRole.User, username, certificate, time.monotonic())

    def still_trusts(self, user: User) -> bool:
        """Whether a client that is in may stay: its certificate is looked for now and then."""
        now = time.monotonic()
        if isinstance(user, _Client) and now - user.looked >= LOOK:
            if not self._pki.knows(user.certificate):
                return False
            user.looked = now
        return True


class OpenDoor(UserManager):
    """Lets everybody in, to read: for simulated machines on this computer only."""

    def get_user(self, *_args: Any, **_named: Any) -> User:
        """Anybody. The name is asyncua's."""
        return User(role=UserRole.User, name="anonymous")


def _der(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    return certificate.public_bytes(Encoding.DER)


class Internal(InternalServer):
    """asyncua's inner server with our sessions, subscriptions and view; ``open``: no login."""

    subscription_service: Subscriptions

    def __init__(self, door: Door | None) -> None:
        super().__init__(user_manager=door or OpenDoor())
        self.open = door is None
        self.node_mgt_service = SharingNodes(self.aspace)
        self.view = self.view_service = View(self.aspace)
        self.subscription_service = Subscriptions(self.aspace, iserver=self)
        self.isession.subscription_service = self.subscription_service
        self.variables = 0
        self.tally = ua.ServerDiagnosticsSummaryDataType()

    def create_session(
        self,
        name: str,
        user: User | None = None,
        external: bool = False,  # noqa: FBT001, FBT002
    ) -> InternalSession:
        """A session; ``name`` is the address of the connection that it begins on."""
        waiting = (one for one in self._external_sessions.values() if not one.is_activated())
        if any(one.name == name for one in waiting):
            raise ServiceError(StatusCodes.BadTooManySessions)
        return Session(
            self,
            self.aspace,
            self.subscription_service,
            name,
            user=user or User(role=UserRole.Anonymous),
            external=external,
        )

    def register_server(self, server: Any, conf: Any = None) -> None:  # noqa: ARG002
        """We are no directory of servers."""
        raise ServiceError(StatusCodes.BadServiceUnsupported)

    def session(self, identity: ua.NodeId) -> Session | None:
        """A session that goes on, by its id."""
        return next((one for one in self._sessions() if one.session_id == identity), None)

    def counts(self) -> ua.ServerDiagnosticsSummaryDataType:
        """Sessions and subscriptions now, and what was refused since the start."""
        going_on = self.subscription_service.subscriptions.values()
        return replace(
            self.tally,
            CurrentSessionCount=ua.UInt32(sum(one.is_activated() for one in self._sessions())),
            CurrentSubscriptionCount=ua.UInt32(len(going_on)),
            PublishingIntervalCount=ua.UInt32(
                len({one.data.RevisedPublishingInterval for one in going_on})
            ),
        )

    def full(self) -> bool:
        """Whether more have logged in than there is room for."""
        return sum(one.is_activated() for one in self._sessions()) > SESSIONS

    async def end_longest_left(self) -> bool:
        """End the session that has been without a connection for the longest; False: none is."""
        left = [(one.left, one) for one in self._sessions() if one.left is not None]
        if not left:
            return False
        _, longest = min(left, key=lambda pair: pair[0])
        await longest.close_session()
        return True

    def _sessions(self) -> Iterator[Session]:
        return (one for one in self._external_sessions.values() if isinstance(one, Session))


class _Listener(BinaryServer):
    knocked: Callable[[], None] = staticmethod(lambda: None)

    def _make_protocol(self) -> OPCUAProtocol:
        self.knocked()
        return Connection(
            iserver=self.iserver,
            policies=self._policies,
            clients=self.clients,
            closing_tasks=self.closing_tasks,
            limits=self.limits,
        )


class GuardedServer(Server):
    """An OPC UA server that is read-only, bounded, and closed to strangers."""

    iserver: Internal

    def __init__(self, door: Door | None) -> None:
        """``door`` None: no login at all."""
        guard()
        internal = Internal(door)
        self.knocked: Callable[[], None] = lambda: None
        self._changes: EventGenerator | None = None
        internal.allow_remote_admin = False
        internal.max_connections = CONNECTIONS
        internal.max_pending_activation_seconds = 10.0
        internal.max_pending_messages_per_connection = 50
        super().__init__(iserver=internal)
        self.limits = TransportLimits(
            max_recv_buffer=CHUNK,
            max_send_buffer=CHUNK,
            max_chunk_count=MESSAGE // CHUNK + 1,
            max_message_size=MESSAGE,
        )
        kinds = ua.SecurityPolicyType
        if door is None:
            self.set_security_policy([kinds.NoSecurity], ReadOnly(door))
            self.set_identity_tokens([ua.AnonymousIdentityToken])
        else:
            self.set_security_policy(
                [kinds.Aes256Sha256RsaPss_SignAndEncrypt, kinds.Basic256Sha256_SignAndEncrypt],
                ReadOnly(door),
            )
            self.set_identity_tokens([ua.UserNameIdentityToken])
            self.set_certificate_validator(door.validate)

    @property
    def wanted(self) -> float | None:
        """How often (seconds) the most eager client wants values; None: nobody is connected."""
        if self.bserver is None or not self.bserver.clients:
            return None
        subscriptions = self.iserver.subscription_service.subscriptions.values()
        intervals = [one.data.RevisedPublishingInterval / 1000 for one in subscriptions]
        return min(intervals, default=LEISURE)

    async def start(self) -> None:
        """Listen. Raises OSError when the address is taken."""
        await self._setup_server_nodes()
        await self.iserver.start()
        await capabilities.tell(self.iserver)
        self._changes = await self.get_event_generator(ObjectIds.BaseModelChangeEventType)
        host, port = self.endpoint.hostname, self.endpoint.port
        if host is None or port is None:
            raise OSError(f"no address to listen on: {self.endpoint.geturl()}")
        self.bserver = _Listener(self.iserver, host, port, self.limits)
        self.bserver.knocked = self.knocked
        self.bserver.set_policies(self._policies)
        try:
            await self.bserver.start()
        except OSError:
            self.bserver = None
            await self.iserver.stop()
            raise

    async def model_changed(self) -> None:
        """Tell the clients who have asked for it that nodes have come or gone."""
        await capabilities.tell_limits(self.iserver)
        if self._changes is not None:
            await self._changes.trigger(message="Machines have changed: browse again.")

    async def stop(self) -> None:
        """Close every connection and the port."""
        clock = self.iserver.time_task
        if clock is not None:  # asyncua would wait for its next tick, up to a second
            clock.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await clock
            self.iserver.time_task = None
        await super().stop()


class SparseLog(logging.Handler):
    """asyncua's complaints as one line each: the first of a kind, then two a minute.

    It logs a traceback for each malformed message, which is a way to fill a disk from outside.
    """

    FIRST = 5
    SPAN = 30.0

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._seen: dict[tuple[str, int], tuple[int, float]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on a complaint, unless its like has been said too often."""
        place = (record.pathname, record.lineno)
        count, last = self._seen.get(place, (0, 0.0))
        now = time.monotonic()
        if count >= self.FIRST and now - last < self.SPAN:
            return
        self._seen[place] = (count + 1, now)
        reason = record.exc_info[1] if record.exc_info else None
        said = record.getMessage().partition("\n")[0][:300]
        said += f": {reason!r:.200}" if reason else ""
        _log.warning("%s", Text(said, said))  # asyncua's own words

    @classmethod
    def install(cls) -> None:
        """Take over asyncua's log, once per process."""
        theirs = logging.getLogger("asyncua")
        if not any(isinstance(handler, cls) for handler in theirs.handlers):
            theirs.addHandler(cls())
            theirs.setLevel(logging.WARNING)
            theirs.propagate = False
