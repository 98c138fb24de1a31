"""One connection: who may open it, what is read of it, and an answer to everything that is wrong.

asyncua leaves a client without an answer that asks for an unknown policy, or sends what cannot be
read: it waits until its own deadline. Here it gets the specification's code, and the connection
ends where the specification ends it.
"""

# mypy: disallow-untyped-calls=False
# asyncua gives these classes no types.

from __future__ import annotations

import ipaddress
import logging
import struct
from typing import TYPE_CHECKING, Any

from asyncua import ua
from asyncua.common.connection import SecureConnection
from asyncua.common.utils import NotEnoughData, ServiceError
from asyncua.crypto.security_policies import SecurityPolicyNone
from asyncua.server.binary_server_asyncio import OPCUAProtocol
from asyncua.server.uaprocessor import UaProcessor
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary, uatcp_to_binary
from asyncua.ua.uaerrors import UaStatusCodeError

from gateway.sinks.opcua.decoding import Request
from gateway.sinks.opcua.limits import CHUNK, CONNECTIONS, FROM_ONE_ADDRESS, UNREAD
from gateway.sinks.opcua.sessions import Session
from gateway.sinks.opcua.values import code, node_id

if TYPE_CHECKING:
    from gateway.sinks.opcua.guarded import Internal

_log = logging.getLogger(__name__)

_CREATE_SESSION = node_id(ObjectIds.CreateSessionRequest_Encoding_DefaultBinary)
_ACTIVATE_SESSION = node_id(ObjectIds.ActivateSessionRequest_Encoding_DefaultBinary)
_BROWSE_NEXT = node_id(ObjectIds.BrowseNextRequest_Encoding_DefaultBinary)
_UNSECURED = frozenset(
    node_id(number)
    for number in (
        ObjectIds.FindServersRequest_Encoding_DefaultBinary,
        ObjectIds.GetEndpointsRequest_Encoding_DefaultBinary,
        ObjectIds.CloseSecureChannelRequest_Encoding_DefaultBinary,
    )
)
"""What a secured server answers on a channel without security: how to make a secured one."""


_SECURITY = {
    StatusCodes.BadUserAccessDenied,
    StatusCodes.BadIdentityTokenInvalid,
    StatusCodes.BadIdentityTokenRejected,
    StatusCodes.BadSecurityChecksFailed,
    StatusCodes.BadSecurityPolicyRejected,
    StatusCodes.BadCertificateTimeInvalid,
    StatusCodes.BadCertificateUriInvalid,
    StatusCodes.BadCertificateUntrusted,
}


_ERROR: Any = ua.MessageType.Error


class _Channel(SecureConnection):
    def select_policy(
        self, uri: str, peer_certificate: bytes | None, mode: ua.MessageSecurityMode | None = None
    ) -> None:
        """Choose how the channel is secured. Raises ServiceError: not offered."""
        unsecured = uri == SecurityPolicyNone.URI
        if not unsecured and not any(one.matches(uri) for one in self._policies):
            raise ServiceError(StatusCodes.BadSecurityPolicyRejected)
        wrong = unsecured and mode not in (None, ua.MessageSecurityMode.None_)
        if wrong or not (unsecured or any(one.matches(uri, mode) for one in self._policies)):
            raise ServiceError(StatusCodes.BadSecurityModeRejected)
        super().select_policy(uri, peer_certificate, mode)


class Requests(UaProcessor):
    """What is asked on one connection, and answered."""

    session: Session | None
    iserver: Internal

    def __init__(self, internal_server: Any, transport: Any, limits: Any) -> None:
        super().__init__(internal_server, transport, limits)
        self._connection = _Channel(SecurityPolicyNone(), self._limits)

    def active(self) -> bool:
        """Whether somebody is logged in here."""
        return self.session is not None and self.session.is_activated()

    def send_response(
        self, requesthandle: Any, seqhdr: Any, response: Any, msgtype: Any = None
    ) -> None:
        """Answer. Who does not read answers is disconnected. Raises ServiceError: too long."""
        kind: Any = ua.MessageType.SecureMessage if msgtype is None else msgtype
        response.ResponseHeader.RequestHandle = requesthandle
        content = struct_to_binary(response)
        if len(content) > self._limits.max_message_size:
            raise ServiceError(StatusCodes.BadResponseTooLarge)
        self._transport.write(self._connection.message_to_binary(content, kind, seqhdr.RequestId))
        if self._transport.get_write_buffer_size() > UNREAD:
            self._transport.abort()

    def get_publish_request(self, subscription_id: Any) -> Any:
        """A waiting Publish request; none where the answer would go nowhere: the values wait."""
        if self._transport.is_closing():
            return None
        return super().get_publish_request(subscription_id)

    async def forward_publish_response(self, result: ua.PublishResult, requestdata: Any) -> None:
        """Answer a Publish request."""
        try:
            await super().forward_publish_response(result, requestdata)
        except ServiceError as error:
            fault = ua.ServiceFault()
            fault.ResponseHeader.ServiceResult = code(error.code)
            self.send_response(requestdata.requesthdr.RequestHandle, requestdata.seqhdr, fault)

    async def process(self, header: Any, body: Any) -> bool:
        """Take one chunk; False: the connection ends."""
        kept = self._connection._incoming_size + header.body_size  # noqa: SLF001
        if not self.active() and kept > CHUNK:
            raise ServiceError(StatusCodes.BadTcpMessageTooLarge)
        return bool(await super().process(header, body))

    async def process_message(self, seqhdr: Any, body: Any) -> Any:
        """Answer one request."""
        return await super().process_message(seqhdr, Request(body.read(len(body))))

    async def _process_message(self, typeid: Any, requesthdr: Any, seqhdr: Any, body: Any) -> bool:
        try:
            return await self._answered(typeid, requesthdr, seqhdr, body)
        except (ServiceError, UaStatusCodeError) as error:
            self._count(error.code, session=typeid in (_CREATE_SESSION, _ACTIVATE_SESSION))
            raise

    def _count(self, why: int, *, session: bool) -> None:
        tally, security = self.iserver.tally, why in _SECURITY
        tally.RejectedRequestsCount += 1
        tally.SecurityRejectedRequestsCount += security
        tally.RejectedSessionCount += session
        tally.SecurityRejectedSessionCount += session and security

    async def _answered(self, typeid: Any, requesthdr: Any, seqhdr: Any, body: Any) -> bool:
        if self._unsecured() and typeid not in _UNSECURED:
            raise ServiceError(StatusCodes.BadSecurityPolicyRejected)
        try:
            if typeid == _BROWSE_NEXT and self.active():
                return await self._browse_next(requesthdr, seqhdr, body)
            if typeid == _CREATE_SESSION and self.active() and self.session is not None:
                await self.session.close_session()  # a connection has one session
            if typeid == _ACTIVATE_SESSION:
                return await self._activate(typeid, requesthdr, seqhdr, body)
            return bool(await super()._process_message(typeid, requesthdr, seqhdr, body))
        except (NotEnoughData, struct.error, ValueError, RecursionError) as error:
            _log.info("cannot read a request of type %s: %r", typeid, error)
            raise ServiceError(StatusCodes.BadDecodingError) from error

    def _unsecured(self) -> bool:
        policy = self._connection.security_policy
        return policy.URI == SecurityPolicyNone.URI and not self.iserver.open

    async def _browse_next(self, requesthdr: Any, seqhdr: Any, body: Any) -> bool:
        assert self.session is not None  # noqa: S101 - active
        permissions = self._connection.security_policy.permissions
        if permissions and not permissions.check_validity(self.session.user, _BROWSE_NEXT, body):
            raise ServiceError(StatusCodes.BadUserAccessDenied)
        self.session.touch()
        response = ua.BrowseNextResponse()
        asked = struct_from_binary(ua.BrowseNextParameters, body)
        response.Parameters.Results = await self.session.browse_next(asked)
        self.send_response(requesthdr.RequestHandle, seqhdr, response)
        return True

    async def _activate(self, typeid: Any, requesthdr: Any, seqhdr: Any, body: Any) -> bool:
        """Log in, on the connection where the session began or on a new one after a loss."""
        begun = self.session
        try:
            done = bool(await super()._process_message(typeid, requesthdr, seqhdr, body))
        except BaseException:
            self.session = begun  # asyncua keeps another's session even if the login fails
            raise
        if self.session is not None:
            former, self.session.place = self.session.place, self
            if former not in (None, self):
                former.session = None
        if self.iserver.full():  # who is in is connected, or has left
            await self.iserver.end_longest_left()
        return done

    async def close(self) -> None:
        """The connection is lost: a session with subscriptions waits for the next one."""
        before = self.active()
        await super().close()
        if self.active() and self.session is not None:
            self.session.leave()
        elif before:
            self.iserver.tally.SessionAbortCount += 1


class Connection(OPCUAProtocol):
    """A connection that makes room for others as long as nobody is logged in on it."""

    clients: list[Any]

    def connection_made(self, transport: Any) -> None:
        """Take the connection in, if there is room or some can be made."""
        peer = transport.get_extra_info("peername")
        same = [one for one in self.clients if _address(one.peer_name) == _address(peer)]
        crowd = same if len(same) >= FROM_ONE_ADDRESS else self.clients
        if len(same) >= FROM_ONE_ADDRESS or len(self.clients) >= CONNECTIONS:
            idle = next((one for one in crowd if not one.processor.active()), None)
            if idle is None:
                _log.warning("OPC UA: no room for one more connection of %s", _address(peer))
                transport.close()
                return
            self.clients.remove(idle)
            idle.transport.abort()
        super().connection_made(transport)
        processor = Requests(self.iserver, transport, self.limits)
        processor.set_policies(self.policies)
        self.processor = processor

    def data_received(self, data: bytes) -> None:
        """Take bytes; a chunk that announces more than a chunk is not collected."""
        super().data_received(data)
        if len(self._buffer) > CHUNK and self.transport is not None:
            self.transport.abort()

    async def _process_one_msg(self, header: Any, buf: Any) -> bool:
        wrong: int | None = StatusCodes.BadDecodingError
        try:
            going_on = bool(await super()._process_one_msg(header, buf))
            wrong = None
        except (ServiceError, UaStatusCodeError) as error:
            wrong = error.code
            return False
        finally:
            if wrong is not None:  # whatever it was: the client hears of it, and starts anew
                self._end(wrong)
        return going_on

    def _end(self, why: int) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        said = ua.ErrorMessage(code(why), ua.String(""))
        self.transport.write(uatcp_to_binary(_ERROR, said))
        self.transport.close()


def _address(peer: Any) -> str:
    """Where a connection comes from: an IPv4 address, or the network of an IPv6 one."""
    host = str(peer[0]) if peer else ""
    if ":" not in host:
        return host
    found = ipaddress.IPv6Address(host.partition("%")[0])
    return str(found.ipv4_mapped or ipaddress.IPv6Network((found, 64), strict=False))
