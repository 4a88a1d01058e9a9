"""The guard around aiomqtt, against a real mosquitto."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt
import pytest
from conftest import Broker

from tramdo.errors import BrokerAway, PublishHeld, PublishRefused
from tramdo.mqtt import Connection, publish_properties


def connect(broker: Broker, **settings: object) -> Connection:
    return Connection(
        "127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5, timeout=5, **settings
    )


async def test_a_send_is_done_when_the_broker_acknowledged_it(broker: Broker) -> None:
    async with connect(broker) as listener, connect(broker) as connection:
        await listener.subscribe("a/#", qos=1)
        properties = publish_properties({"id": "s.e.1", "type": "tramdo.check.v1"}, 60)
        await connection.send("a/b", b"{}", properties)
        message = await anext(listener.messages)
    assert message.payload == b"{}"
    assert message.properties is not None
    assert message.properties.UserProperty == [("id", "s.e.1"), ("type", "tramdo.check.v1")]
    assert message.properties.ContentType == "application/json"


async def test_without_a_subscriber_it_is_held_not_delivered(broker: Broker) -> None:
    async with connect(broker) as connection:
        with pytest.raises(PublishHeld, match="nobody subscribes to a/b"):
            await connection.send("a/b", b"{}")


async def test_a_refusal_by_acl_is_an_error_though_aiomqtt_returns_normally(
    broker: Broker,
) -> None:
    broker.kill()
    acl = broker.folder / "acl"
    acl.write_text("topic read #\ntopic write mine/#\n")
    broker.extra = f"acl_file {acl}"
    broker.start()
    async with connect(broker) as connection:
        await connection.subscribe("#", qos=1)
        await connection.publish("other/b", b"{}", qos=1)
        with pytest.raises(PublishRefused, match="refused other/b with reason 0x87"):
            await connection.send("other/b", b"{}")
        await connection.send("mine/b", b"{}")


async def test_a_broker_that_dies_ends_every_wait_at_once(broker: Broker) -> None:
    connection = connect(broker)
    await connection.__aenter__()
    assert broker.process is not None
    broker.process.send_signal(signal.SIGSTOP)  # it takes bytes and answers nothing
    sends = [asyncio.create_task(connection.send("a/b", b"{}")) for _ in range(10)]
    await asyncio.sleep(0)
    start = time.monotonic()
    broker.kill()
    outcomes = await asyncio.gather(*sends, return_exceptions=True)
    assert time.monotonic() - start < 5
    assert all(isinstance(one, BrokerAway) for one in outcomes)
    await connection.ended()
    with pytest.raises(BrokerAway):
        await connection.send("a/b", b"{}")


async def test_version_3_1_1_works_without_reason_codes(broker: Broker) -> None:
    version = aiomqtt.ProtocolVersion.V311
    async with Connection("127.0.0.1", broker.port, protocol=version) as connection:
        await connection.send("a/b", b"{}")


async def test_what_is_shown_is_retained(broker: Broker) -> None:
    async with connect(broker) as connection:
        await connection.send("state/a", b"{}", publish_properties({}, 60), retain=True)
        async with connect(broker) as late:
            await late.subscribe("state/#")
            message = await anext(late.messages)
    assert message.retain
    assert message.payload == b"{}"


async def test_no_more_are_under_way_than_the_broker_takes(broker: Broker) -> None:
    broker.kill()
    broker.extra = "max_inflight_messages 4"
    broker.start()
    async with connect(broker) as listener, connect(broker) as connection:
        await listener.subscribe("a/#", qos=1)
        sends = [asyncio.create_task(connection.send(f"a/{n}", b"{}")) for n in range(40)]
        await asyncio.sleep(0)
        assert len(connection._acknowledgements) == 3  # its Receive Maximum less one
        assert all(took < 5 for took in await asyncio.gather(*sends))


TAKEN_OVER = bytes.fromhex("e0 02 8e 00")


@asynccontextmanager
async def thrown_out(*, at_once: bool) -> AsyncIterator[Connection]:
    """Play a broker that ends the connection for its double's sake, at once or after a message."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(bytes.fromhex("20 03 00 00 00") + TAKEN_OVER * at_once)
        await reader.read(1024)
        writer.write(TAKEN_OVER)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        five = aiomqtt.ProtocolVersion.V5
        yield Connection("127.0.0.1", port, protocol=five, timeout=5)


async def test_why_the_broker_ended_it_is_known() -> None:
    async with thrown_out(at_once=False) as connection, connection:
        with pytest.raises(BrokerAway):
            await connection.send("a/b", b"{}")
        await connection.ended()
    assert connection.ended_by == 0x8E


async def test_an_end_as_soon_as_it_began_is_noticed_though_aiomqtt_forgets_it() -> None:
    async with thrown_out(at_once=True) as connection:
        with pytest.raises(BrokerAway, match="as soon as"):
            await connection.__aenter__()
        assert connection.ended_by == 0x8E


async def test_a_broker_that_does_not_answer_is_left_soon(broker: Broker) -> None:
    assert broker.process is not None
    start = time.monotonic()
    async with connect(broker):
        broker.process.send_signal(signal.SIGSTOP)
    assert time.monotonic() - start < 5
