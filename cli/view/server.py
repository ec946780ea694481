"""The server of the explorer: on loopback, for one page, by the standard library. It runs nothing itself.

A thread takes requests and hands them to the main thread, which plays the runs: only there can a step that blocks be interrupted. It
refuses requests without the token of its address, for another host (a page elsewhere whose name was pointed at this machine), or from
another page's script. It ends when nobody has asked for anything for a while, when its last page is closed, or by Ctrl-C.
"""

import json
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, NamedTuple

LOOPBACK = "127.0.0.1"
LARGEST = 10_000_000  # bytes of a request
SLOW = 10.0  # seconds that a request may take to arrive
GRACE = 3.0  # seconds after the last page was closed, in which it may be loaded anew
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Refused(Exception):
    """A request that is answered by an error; the message says why."""

    def __init__(self, status: HTTPStatus, said: str) -> None:
        super().__init__(said)
        self.status = status


class Answer(NamedTuple):
    """A status, and a text of this type."""

    status: HTTPStatus
    type: str
    text: str


class Asked(NamedTuple):
    """A request for the main thread, and where its answer goes."""

    what: str
    data: dict[str, Any]
    answers: "SimpleQueue[Answer]"


Serve = Callable[[str, dict[str, Any]], Any]  # what is asked, with its data; a text for the page itself, else data for JSON


class Server:
    """Listens from its construction on; `run` answers until the end. `idle`: seconds without a request after which it ends."""

    def __init__(self, serve: Serve, idle: float, port: int = 0) -> None:
        self.token = secrets.token_urlsafe(24)
        self._serve = serve
        self._idle = idle
        self._asked: SimpleQueue[Asked | None] = SimpleQueue()
        self._pages: set[str] = set()
        self._server = _Listening((LOOPBACK, port), _handler(self.token, self._asked))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """The address of the page, with the token."""
        return f"http://{LOOPBACK}:{self._server.server_port}/{self.token}/"

    def run(self) -> str:
        """Answer until the end; why it ended, in words."""
        until, why = monotonic() + self._idle, "nobody has used it for a while"
        while True:
            try:
                asked = self._asked.get(timeout=max(0.0, until - monotonic()))
            except Empty:
                return why
            if asked is None:
                return "stopped"
            asked.answers.put(self._answer(asked))
            until, why = monotonic() + self._idle, "nobody has used it for a while"
            if asked.what == "closed" and not self._pages:
                until, why = monotonic() + min(GRACE, self._idle), "the page was closed"

    def stop(self) -> None:
        """Let `run` return; from any thread."""
        self._asked.put(None)

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, asked: Asked) -> Answer:
        page = str(asked.data.get("page", ""))[:40]
        if asked.what in ("opened", "closed"):
            (self._pages.discard if asked.what == "closed" else self._pages.add)(page)
            return _json(HTTPStatus.OK, {})
        try:
            made = self._serve(asked.what, asked.data)
        except Refused as error:
            return _json(error.status, {"error": str(error)})
        if isinstance(made, str):
            return Answer(HTTPStatus.OK, "text/html; charset=utf-8", made)
        return _json(HTTPStatus.OK, made)


class _Listening(ThreadingHTTPServer):
    request_queue_size = 16

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no news."""


def _json(status: HTTPStatus, data: Any) -> Answer:
    return Answer(status, "application/json", json.dumps(data))


def _handler(token: str, queue: "SimpleQueue[Asked | None]") -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = SLOW
        server_version, sys_version = "subwarden", ""

        def do_GET(self) -> None:
            self._handle({})

        def do_POST(self) -> None:
            self._handle(None)

        def _handle(self, data: dict[str, Any] | None) -> None:
            try:
                what = self._allowed()
                self._reply(self._asked(what, self._data() if data is None else data))
            except Refused as error:
                self._reply(_json(error.status, {"error": str(error)}))

        def _allowed(self) -> str:
            """What is asked for. Raises Refused unless the request comes from the page, or is for it."""
            port = self.connection.getsockname()[1]
            hosts = [f"{name}:{port}" for name in (LOOPBACK, "localhost")]
            if self.headers.get_all("Host", []) not in [[host] for host in hosts]:
                raise Refused(HTTPStatus.MISDIRECTED_REQUEST, f"this is {LOOPBACK}:{port}, and answers to no other name")
            if self.headers.get("Origin") not in (None, *(f"http://{host}" for host in hosts)):
                raise Refused(HTTPStatus.FORBIDDEN, "another page may not use this one")
            start, given, what = [*self.path.split("/", 2), "no page", "no page"][:3]
            if start or not secrets.compare_digest(given.encode(), token.encode()):
                raise Refused(HTTPStatus.FORBIDDEN, "the address has no token, or another; open the one that `subwarden view` printed")
            if (self.command == "GET") != (what == ""):
                raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here")
            return what

        def _data(self) -> dict[str, Any]:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > LARGEST:
                raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request has a length, of at most {LARGEST:,} bytes")
            try:
                data = json.loads(self.rfile.read(int(length)))
            except (ValueError, RecursionError):
                data = None
            if not isinstance(data, dict):
                raise Refused(HTTPStatus.BAD_REQUEST, "a request is a JSON object")
            return data

        def _asked(self, what: str, data: dict[str, Any]) -> Answer:
            answers: SimpleQueue[Answer] = SimpleQueue()
            queue.put(Asked(what, data, answers))
            return answers.get()

        def _reply(self, answer: Answer) -> None:
            body = answer.text.encode()
            self.send_response(answer.status)
            for name, value in {**HEADERS, "Content-Type": answer.type, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """The terminal shows the address only."""

    return Handler
