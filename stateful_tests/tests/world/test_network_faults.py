"""Faults of the simulated network: hosts that are cut off or crash, datagrams that are lost, writes that arrive in parts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import subwarden

Scenario = Callable[[], Awaitable[Any]]


def explored(scenario: Any, **options: Any) -> Any:
    return subwarden.explore(scenario, schedules=300, **options)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def test_a_partition_delays_and_loses_nothing() -> None:
    seen: set[bool] = set()

    async def scenario() -> None:
        net = subwarden.network()
        server = await asyncio.start_server(echo, "db", 80)
        reader, writer = await asyncio.open_connection("db", 80)
        net.partition("db")
        writer.write(b"line\n")
        reading = asyncio.create_task(reader.readline())
        await asyncio.sleep(60)
        seen.add(reading.done())
        net.heal()
        assert await reading == b"line\n"
        writer.close()
        server.close()

    assert explored(scenario).verdict == "holds"
    assert seen == {False}


def test_a_crash_ends_a_host_in_silence_and_a_restart_serves_again() -> None:
    async def scenario() -> None:
        said: list[str] = []

        async def serve() -> None:
            try:
                async with await asyncio.start_server(echo, "db", 80) as server:
                    await server.serve_forever()
            finally:
                said.append("the crashed host has run a finally")

        net = subwarden.network()
        net.start("db", serve)
        await asyncio.sleep(2)
        reader, writer = await asyncio.open_connection("db", 80)
        writer.write(b"before\n")
        assert await reader.readline() == b"before\n"
        net.crash("db")
        assert not said
        assert await reader.read() == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("db", 80)
        net.restart("db")
        await asyncio.sleep(2)
        reader, writer = await asyncio.open_connection("db", 80)
        writer.write(b"after\n")
        assert await reader.readline() == b"after\n"
        writer.close()
        net.crash("db")

    found = explored(scenario)
    assert found.verdict == "holds", str(found)


class Heard(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.append(data)


def test_between_hosts_a_datagram_is_lost_or_overtaken_and_on_one_host_never() -> None:
    ends: dict[str, set[tuple[bytes, ...]]] = {"db": set(), "127.0.0.1": set()}

    def scenario(host: str) -> Scenario:
        async def send() -> None:
            loop = asyncio.get_running_loop()
            server, heard = await loop.create_datagram_endpoint(Heard, local_addr=(host, 53))
            client, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(host, 53))
            client.sendto(b"1")
            client.sendto(b"2")
            await asyncio.sleep(60)
            ends[host].add(tuple(heard.heard))
            client.close()
            server.close()

        return send

    for host in ends:
        assert explored(scenario(host)).verdict == "holds"
    assert ends["127.0.0.1"] == {(b"1", b"2")}
    assert ends["db"] == {(b"1", b"2"), (b"2", b"1"), (b"1",), (b"2",), ()}


def test_a_reader_that_takes_one_read_for_one_message_is_found() -> None:
    async def scenario() -> None:
        async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.read(100))
            writer.close()

        async with await asyncio.start_server(once, "localhost", 80):
            reader, writer = await asyncio.open_connection("localhost", 80)
            writer.write(b"a message")
            assert await reader.read() == b"a message"
            writer.close()

    found = explored(scenario)
    assert found.verdict == "violated"
    assert " of 9 bytes" in str(found)


def test_a_broadcast_over_a_set_that_changes_is_found() -> None:
    """The chat server of tutorials."""

    async def scenario() -> None:
        writers: set[asyncio.StreamWriter] = set()

        async def chat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.add(writer)
            async for line in reader:
                for each in writers:
                    each.write(line)
                    await asyncio.sleep(0)  # as a write that must wait
            writers.discard(writer)
            writer.close()

        async def client(name: bytes) -> None:
            reader, writer = await asyncio.open_connection("localhost", 80)
            writer.write(name + b"\n")
            await reader.readline()
            writer.close()

        async with await asyncio.start_server(chat, "localhost", 80):
            await asyncio.gather(client(b"ann"), client(b"bob"))

    found = explored(scenario)
    assert found.verdict == "violated"
    assert "Set changed size during iteration" in str(found)


def test_outside_of_a_run_there_is_no_network() -> None:
    with pytest.raises(RuntimeError, match=r"^subwarden.network\(\) is for code that runs under subwarden"):
        subwarden.network()


def test_a_host_that_was_never_started_cannot_start_again() -> None:
    async def scenario() -> None:
        subwarden.network().restart("db")

    with pytest.raises(ValueError, match=r"nothing was started on host 'db': call network\(\).start\('db', main\) first"):
        subwarden.run(scenario())


def test_a_connection_that_is_left_open_is_found_and_may_be_allowed() -> None:
    async def forgets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def scenario() -> None:
        server = await asyncio.start_server(forgets, "localhost", 80)
        _, writer = await asyncio.open_connection("localhost", 80)
        await asyncio.sleep(2)
        writer.close()
        server.close()

    found = subwarden.explore(scenario, schedules=20)
    assert "a connection of localhost:80 is left open" in str(found)
    assert subwarden.explore(scenario, schedules=20, leave=["localhost:80"]).verdict == "holds"


def test_a_connection_to_nobody_is_refused_with_a_hint() -> None:
    async def scenario() -> None:
        await asyncio.open_connection("db.example.com", 5432)

    said = str(subwarden.explore(scenario, schedules=5))
    assert "ConnectionRefusedError" in said
    assert "nothing listens at db.example.com:5432 in this run: its network is simulated" in said


@pytest.mark.parametrize("seconds", [None, 20])
def test_a_time_out_of_ten_seconds_runs_out_only_where_the_network_is_that_slow(seconds: float | None) -> None:
    timed_out: list[bool] = []

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    async def scenario() -> None:
        if seconds is not None:
            subwarden.network().slow(seconds)
        async with await asyncio.start_server(answers, "localhost", 80):
            reader, writer = await asyncio.open_connection("localhost", 80)
            writer.write(b"a line\n")
            try:
                await asyncio.wait_for(reader.readline(), 10)
            except TimeoutError:
                timed_out.append(True)
            writer.close()

    found = subwarden.explore(scenario, schedules=60, order="fifo", leave=["answers", "localhost:80"])
    assert found.verdict == "holds", str(found)
    assert bool(timed_out) is (seconds is not None)


def test_a_scenario_waits_until_a_server_listens() -> None:
    """A sleep may be over before: a step of the server may take as long."""

    async def serve() -> None:
        async with await asyncio.start_server(echo, "db", 80) as server:
            await server.serve_forever()

    async def begins(waits: bool) -> None:
        serving = asyncio.create_task(serve())
        await (subwarden.network().listens(80, "db") if waits else asyncio.sleep(0.5))
        reader, writer = await asyncio.open_connection("db", 80)
        writer.write_eof()
        assert not await reader.read()
        writer.close()
        serving.cancel()

    async def waits() -> None:
        await begins(True)

    async def sleeps() -> None:
        await begins(False)

    found = explored(waits)
    assert found.verdict == "holds", str(found)
    assert "await subwarden.network().listens(80, 'db')" in str(explored(sleeps))


def test_a_scenario_waits_for_a_server_that_never_listens() -> None:
    async def scenario() -> None:
        await subwarden.network().listens(80)

    assert explored(scenario).findings[0]["title"] == "scenario waits for ever: nobody is left to wake it"


def test_a_budget_is_shared_by_the_orders() -> None:
    """The schedules of a network are too many for any budget."""

    async def scenario() -> None:
        async with await asyncio.start_server(echo, "db", 80):
            for _ in range(3):
                reader, writer = await asyncio.open_connection("db", 80)
                writer.write(b"line\n")
                assert await reader.readline() == b"line\n"
                writer.close()

    fifo, other = subwarden.explore(scenario, budget=2).record["checks"]
    assert other["schedules"] > 5 < fifo["schedules"]


def test_a_report_blames_who_keeps_the_scenario_waiting() -> None:
    """Not the server, which waits as well."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def scenario() -> None:
        async with await asyncio.start_server(silent, "db", 80):
            reader, _ = await asyncio.open_connection("db", 80)
            asking = asyncio.create_task(reader.readline(), name="asking")
            await asking

    (found,) = subwarden.explore(scenario, order="fifo", schedules=20).findings
    assert found["title"] == "asking waits for ever: nobody is left to wake it"
    assert any(line.startswith("silent waits") for line in found["evidence"])
