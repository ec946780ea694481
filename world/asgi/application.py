"""Drives an ASGI 3 application in a run: websockets, HTTP requests, streams, lifespan. See `subwarden.asgi`."""

import json as json_
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from threading import get_ident
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from subwarden.scheduling.loop import ENTERED
from subwarden.world.asgi.connection import Connection, Disconnected
from subwarden.world.asgi.fresh import application
from subwarden.world.asgi.websocket import Opening, WebSocket
from subwarden.world.jobs import JobLoop

Headers = Mapping[str, str]


class Response(NamedTuple):
    """The answer to an HTTP request."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def status_code(self) -> int:
        """The status, by its other name."""
        return self.status

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body, read as JSON."""
        return json_.loads(self.body)


class Application:
    """An application in the run that is under way: the object, or its name `"module:attribute"`, imported anew for this run.

    As an asynchronous context manager it runs the lifespan around its block, and lets all clients leave at the block's end.
    """

    def __init__(self, app: Any) -> None:
        loop = ENTERED.get(get_ident())
        if not isinstance(loop, JobLoop):
            raise RuntimeError("subwarden.asgi(app) is for code that runs under subwarden: a scenario, a test, an adapter")
        self.app = application(app) if isinstance(app, str) else app
        self._loop = loop
        self._state: dict[str, Any] = {}
        self._numbers: dict[str, int] = {}
        self._connections: list[Connection] = []
        self._lifespan: Connection | None = None

    def _number(self, name: str) -> int:
        number = self._numbers[name] = self._numbers.get(name, 0) + 1
        return number

    def _name(self, path: str) -> str:
        """Of a websocket: `ann` if its path is `/ws/ann`, `ann-2` if there is one already, else `ws1`."""
        folder, _, last = urlsplit(path).path.strip("/").rpartition("/")
        if not folder or not last.isidentifier():
            return f"ws{self._number('ws')}"
        number = self._number(last)
        return last if number == 1 else f"{last}-{number}"

    def _connection(self, kind: str, name: str, leaves: str, may_vanish: bool = False) -> Connection:
        message: dict[str, Any] = {"type": leaves}
        if leaves == "websocket.disconnect":
            message["code"] = 1005
        made = Connection(self._loop, name, message, may_vanish)
        if kind != "lifespan":
            self._connections.append(made)
        return made

    async def close(self) -> None:
        """Let all clients leave, and wait until the application has ended each call."""
        for each in self._connections:
            each.leave()
        for each in self._connections:
            await each.ended()

    def _scope(self, kind: str, path: str, headers: Headers, **more: Any) -> dict[str, Any]:
        parts = urlsplit(path)
        return {
            "type": kind,
            "asgi": {"version": "3.0", "spec_version": "2.4" if kind == "websocket" else "2.3"},  # as uvicorn
            "http_version": "1.1",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(b"host", b"testserver"), *((k.lower().encode(), v.encode()) for k, v in headers.items())],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 80),
            "state": dict(self._state),
            **more,
        }

    # --- websockets

    def websocket(
        self,
        path: str,
        *,
        name: str | None = None,
        headers: Headers | None = None,
        subprotocols: Sequence[str] = (),
        may_vanish: bool = False,
    ) -> Opening:
        """Open a websocket: to be awaited, or entered by `async with`. Waits until the application accepts it; raises Disconnected if it
        does not.

        `may_vanish`: the scheduler may let the client leave at any moment, or never. Its socket may be closed already then.
        """
        return Opening(self._opened(path, name, headers, subprotocols, may_vanish))

    websocket_connect = websocket  # as Starlette's test client calls it

    async def _opened(
        self, path: str, name: str | None, headers: Headers | None, subprotocols: Sequence[str], may_vanish: bool
    ) -> WebSocket:
        connection = self._connection("websocket", name or self._name(path), "websocket.disconnect", may_vanish)
        made = WebSocket(connection)
        connection.run(self.app, self._scope("websocket", path, headers or {}, scheme="ws", subprotocols=list(subprotocols)))
        try:
            await made.opened()
        except BaseException as error:  # a cancelled client has left, too
            vanished = may_vanish and connection.left and isinstance(error, Disconnected)
            connection.leave()
            if not vanished:
                raise
        return made

    # --- HTTP

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Headers | None = None,
        name: str | None = None,
        may_vanish: bool = False,
    ) -> AsyncIterator[tuple[int, dict[str, str], AsyncIterator[bytes]]]:
        """A request: the status, the headers, and the parts of the body as they arrive. The client leaves at the end of the block."""
        connection = self._connection("request", name or f"request{self._number('request')}", "http.disconnect", may_vanish)
        connection.to_app.put({"type": "http.request", "body": body, "more_body": False})
        connection.run(self.app, self._scope("http", path, headers or {}, scheme="http", method=method.upper()))
        started = await connection.answer()
        if started["type"] == "app.end":
            raise Disconnected(500, f"without an answer: {started['reason']}") from started["error"]

        async def parts() -> AsyncIterator[bytes]:
            more = True
            while more:
                message = await connection.answer()
                if message["type"] == "app.end":
                    raise Disconnected(500, f"within its answer: {message['reason']}") from message["error"]
                more = message.get("more_body", False)
                if message.get("body"):
                    yield message["body"]

        try:
            yield started["status"], {k.decode(): v.decode() for k, v in started.get("headers", ())}, parts()
        finally:
            connection.leave()

    async def request(self, method: str, path: str, *, json: Any = None, body: bytes = b"", headers: Headers | None = None) -> Response:
        """A request, and its whole answer."""
        given = dict(headers or {})
        if json is not None:
            body = json_.dumps(json).encode()
            given.setdefault("content-type", "application/json")
        given.setdefault("content-length", str(len(body)))
        async with self.stream(method, path, body=body, headers=given) as (status, answered, parts):
            return Response(status, answered, b"".join([part async for part in parts]))

    async def get(self, path: str, *, headers: Headers | None = None) -> Response:
        """A request with GET, and its whole answer."""
        return await self.request("GET", path, headers=headers)

    async def delete(self, path: str, *, headers: Headers | None = None) -> Response:
        """A request with DELETE, and its whole answer."""
        return await self.request("DELETE", path, headers=headers)

    async def post(self, path: str, *, json: Any = None, body: bytes = b"", headers: Headers | None = None) -> Response:
        """A request with POST, and its whole answer."""
        return await self.request("POST", path, json=json, body=body, headers=headers)

    async def put(self, path: str, *, json: Any = None, body: bytes = b"", headers: Headers | None = None) -> Response:
        """A request with PUT, and its whole answer."""
        return await self.request("PUT", path, json=json, body=body, headers=headers)

    async def patch(self, path: str, *, json: Any = None, body: bytes = b"", headers: Headers | None = None) -> Response:
        """A request with PATCH, and its whole answer."""
        return await self.request("PATCH", path, json=json, body=body, headers=headers)

    # --- lifespan

    async def __aenter__(self) -> "Application":
        connection = self._lifespan = self._connection("lifespan", "lifespan", "lifespan.disconnect")
        connection.to_app.put({"type": "lifespan.startup"})
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        connection.run(self.app, scope)
        message = await connection.answer()
        if message["type"] == "lifespan.startup.failed":
            raise RuntimeError(f"the application does not start: {message.get('message', '')}")
        connection.unsupported = False  # an application that raises before that is served without
        return self

    async def __aexit__(self, failed: object, *_: object) -> None:
        if failed is None:
            await self.close()
        connection, self._lifespan = self._lifespan, None
        if connection is not None and not connection.to_app.closed:
            connection.to_app.put({"type": "lifespan.shutdown"})
            await connection.answer()
