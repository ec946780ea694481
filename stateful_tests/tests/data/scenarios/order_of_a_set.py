"""Sends to clients in the order of a set of strings, and fails if one of the wrong half comes first: the string hash decides."""

import asyncio

CLIENTS = {f"client {number}" for number in range(8)}


async def broadcast() -> None:
    sent: list[int] = []

    async def send(client: str) -> None:
        await asyncio.sleep(0)
        sent.append(int(client[-1]))

    await asyncio.gather(*(send(client) for client in CLIENTS))
    assert sent[0] < 4, sent
