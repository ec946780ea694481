"""How a client leaves: with a goodbye, or it breaks off. The scheduler says, as two outside events of which one happens.

To break off is as likely as to close: both are events that must come, and no faults, which are rare. Which of them comes first, and happens
where the scheduler does not mind, is for the caller to say: a run in which nothing races should see either.
"""

import asyncio
from functools import partial
from typing import Any

from subwarden.scheduling.events import Alternative


async def breaks_off(client: str, *, rather: bool) -> bool:
    """Wait until `client` leaves; whether it breaks off. `rather`: it does where the scheduler does not mind."""
    loop: Any = asyncio.get_running_loop()
    future: asyncio.Future[bool] = loop.create_future()
    ways: list[Alternative] = []

    def happen(broken: bool) -> None:
        take_back()
        if not future.done():
            future.set_result(broken)

    def take_back() -> None:
        for each in ways:
            if each in loop.events:
                loop.events.remove(each)
        ways.clear()  # each event leads to it, in a circle

    for way, broken in (("breaks off", True), ("closes", False)):
        ways.append(Alternative(f"{client} {way}", partial(happen, broken), ways))
    for each in ways if rather else reversed(ways):
        loop.offer(each)
    try:
        return await future
    finally:
        take_back()
