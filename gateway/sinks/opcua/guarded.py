"""asyncua's server with its doors closed: what it leaves open by default, and how we shut it.

- Any user and password is accepted: our user check asks for a trusted certificate first, so that
  an unencrypted channel (which asyncua always opens, for discovery) never becomes a session.
- Writing, calling, browsing history and changing nodes are allowed to users: a rule set lets
  through reading and subscribing only. RegisterServer is answered even without a session: refused.
- Session tokens are counted up: ours are random. Subscriptions per session are unlimited, and may
  be published every millisecond: both bounded.
- A stranger may begin sessions without end, and of those that are never activated only the last
  is ever forgotten: one at a time may wait on a connection.
- A chunk may announce any length and is collected without end: the connection is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import SimpleRoleRuleset, User, UserRole
from asyncua.server.binary_server_asyncio import BinaryServer, OPCUAProtocol
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from cryptography import x509

from gateway.sinks.opcua.security import Pki, Users, speaks_for
from gateway.sinks.opcua.values import node_id

_log = logging.getLogger(__name__)

CONNECTIONS = 50
MESSAGE = 1024 * 1024
CHUNK = 65535
SUBSCRIPTIONS = 20
FASTEST = 50.0
"""Limits: connections; bytes per message and per chunk; subscriptions per session; ms between
publications."""

LOOK = 10.0
"""Seconds after which a client that is in is looked for among the trusted ones again."""

_IDS = ObjectIds
_ALLOWED = frozenset(
    node_id(number)
    for number in (
        _IDS.ReadRequest_Encoding_DefaultBinary,
        _IDS.BrowseRequest_Encoding_DefaultBinary,
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
    """Nobody writes, calls methods, or changes nodes; everybody who is in may read."""

    def __init__(self, door: Door | None) -> None:
        """Whoever is in has the same rights: no table of roles."""
        self._door = door

    def check_validity(self, user: User, action_type: ua.NodeId, body: Any) -> bool:  # noqa: ARG002
        """Whether a request of this type is let through."""
        return action_type in _ALLOWED and (self._door is None or self._door.still_trusts(user))


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
        if username is None or password is None or not self._users.check(username, password):
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


class _Session(InternalSession):
    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        if self.external:
            self.iserver.unregister_external_session(self)
            self.auth_token = node_id(secrets.token_bytes(32))
            self.iserver.register_external_session(self)

    async def create_subscription(
        self,
        params: ua.CreateSubscriptionParameters,
        callback: Callable[..., Any],
        request_callback: Callable[..., Any] | None = None,
    ) -> Any:
        subscriptions = self.subscription_service.subscriptions.values()
        own = sum(sub.session_id == self.session_id for sub in subscriptions)
        if own >= SUBSCRIPTIONS:
            raise ServiceError(StatusCodes.BadTooManySubscriptions)
        params.RequestedPublishingInterval = max(FASTEST, params.RequestedPublishingInterval)
        return await super().create_subscription(params, callback, request_callback)


class _Internal(InternalServer):
    def create_session(
        self,
        name: str,
        user: User | None = None,
        external: bool = False,  # noqa: FBT001, FBT002
    ) -> InternalSession:
        """A session; ``name`` is the address of the connection that it begins on."""
        waiting = (one for one in self._external_sessions.values() if not one.is_activated())
        if external and any(one.name == name for one in waiting):
            raise ServiceError(StatusCodes.BadTooManySessions)
        return _Session(
            self,
            self.aspace,
            self.subscription_service,
            name,
            user=user or User(role=UserRole.Anonymous),
            external=external,
        )

    def register_server(self, server: Any, conf: Any = None) -> None:  # noqa: ARG002
        raise ServiceError(StatusCodes.BadServiceUnsupported)


class _Connection(OPCUAProtocol):
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if len(self._buffer) > CHUNK and self.transport is not None:
            self.transport.abort()


class _Listener(BinaryServer):
    def _make_protocol(self) -> OPCUAProtocol:
        return _Connection(
            iserver=self.iserver,
            policies=self._policies,
            clients=self.clients,
            closing_tasks=self.closing_tasks,
            limits=self.limits,
        )


class GuardedServer(Server):
    """An OPC UA server that is read-only, bounded, and closed to strangers."""

    def __init__(self, door: Door | None) -> None:
        """``door`` None: no login at all."""
        internal = _Internal(user_manager=door or OpenDoor())
        internal.allow_remote_admin = False
        internal.max_connections = CONNECTIONS
        internal.max_pending_activation_seconds = 10.0
        internal.max_pending_messages_per_connection = 50
        internal.max_subscriptions = CONNECTIONS * 4
        internal.max_monitored_item_queue_size = 1000
        internal.max_unacked_messages_per_subscription = 100
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

    async def start(self) -> None:
        """Listen. Raises OSError when the address is taken."""
        await self._setup_server_nodes()
        await self.iserver.start()
        host, port = self.endpoint.hostname, self.endpoint.port
        if host is None or port is None:
            raise OSError(f"no address to listen on: {self.endpoint.geturl()}")
        self.bserver = _Listener(self.iserver, host, port, self.limits)
        self.bserver.set_policies(self._policies)
        try:
            await self.bserver.start()
        except OSError:
            self.bserver = None
            await self.iserver.stop()
            raise

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
        _log.warning("%s%s", said, f": {reason!r:.200}" if reason else "")

    @classmethod
    def install(cls) -> None:
        """Take over asyncua's log, once per process."""
        theirs = logging.getLogger("asyncua")
        if not any(isinstance(handler, cls) for handler in theirs.handlers):
            theirs.addHandler(cls())
            theirs.setLevel(logging.WARNING)
            theirs.propagate = False
