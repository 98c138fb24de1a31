"""Embedded MQTT brokers (3.1.1, loopback only) for the demo and for tests.

One broker object per port: the firms' own brokers share a process, but no topic, session or
retained message. Anything that is reachable from outside needs a broker in earnest instead.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.core.errors import WerkverbundError

_ANYONE = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


def serve(ports: Sequence[int]) -> None:
    """Run one broker on each of ``ports`` until SIGTERM or SIGINT.

    Raises WerkverbundError when a port is taken.
    """
    warnings.simplefilter("ignore")  # amqtt leaves closed connections to the garbage collector
    # A client that is gone before amqtt has greeted it ends in a traceback of its callback.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    asyncio.run(_serve(ports))


async def _serve(ports: Sequence[int]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as brokers:
        for port in ports:
            await brokers.enter_async_context(broker(port))
        await stop.wait()


@asynccontextmanager
async def broker(port: int) -> AsyncIterator[None]:
    """One broker on 127.0.0.1, empty at first and forgotten at the end."""
    # Every client that vanishes is a warning to amqtt; here it is everyday life.
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)
    logging.getLogger("transitions").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from amqtt.broker import Broker  # noqa: PLC0415 - heavy, and an extra of the demo
        from amqtt.contexts import BrokerConfig, ListenerConfig  # noqa: PLC0415
        from amqtt.errors import BrokerError  # noqa: PLC0415

        listener = ListenerConfig(bind=f"127.0.0.1:{port}", max_connections=200)
        one = Broker(BrokerConfig(listeners={"default": listener}, plugins=dict(_ANYONE)))
    try:
        await one.start()
    except BrokerError as error:
        raise WerkverbundError(f"no broker on port {port}: {error}") from error
    try:
        yield
    finally:
        await one.shutdown()
