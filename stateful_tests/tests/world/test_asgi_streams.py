"""Requests of `subwarden.asgi` whose client leaves in the middle: the application is treated as uvicorn treats it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import subwarden
from subwarden.world.asgi.connection import Disconnected


def explored(scenario: Any) -> Any:
    return subwarden.explore(scenario, schedules=200)


def test_a_stream_ends_when_its_client_leaves() -> None:
    """Starlette listens for the end then, as under uvicorn; it need not wait for the next event, which may never come."""
    from starlette.responses import StreamingResponse  # noqa: PLC0415  # it takes long to load
    from starlette.types import Receive, Scope, Send  # noqa: PLC0415

    async def events() -> AsyncIterator[str]:
        yield "data: hello\n\n"
        await asyncio.Event().wait()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(events(), media_type="text/event-stream")(scope, receive, send)

    async def scenario() -> None:
        with suppress(Disconnected):  # it may have left before it is answered
            async with subwarden.asgi(app).stream("GET", "/", may_vanish=True) as (_, _, parts):
                async for part in parts:
                    assert part == b"data: hello\n\n"
                    break

    found = explored(scenario)
    assert found.verdict == "holds", str(found)


def test_a_send_to_a_request_whose_client_has_left_does_nothing() -> None:
    sent: set[str] = set()

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive())["type"] != "http.disconnect":
            pass
        await send({"type": "http.response.body", "body": b"late"})
        sent.add("late")

    async def scenario() -> None:
        async with subwarden.asgi(app).stream("GET", "/"):
            pass

    found = explored(scenario)
    assert found.verdict == "holds", str(found)
    assert sent
