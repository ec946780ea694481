"""Connections, servers and datagrams on the controlled loop: asyncio's own code on simulated sockets."""

import os
import socket
import sys
from asyncio import base_events
from collections.abc import Callable
from typing import Any

from subwarden.world.network.borrowed import BORROWED
from subwarden.world.network.resolving import names_of, resolve
from subwarden.world.network.selecting import SelectingLoop

TLS = "ssl="
CLEANS_UP = sys.version_info >= (3, 13)  # whether a server removes the path of its Unix socket when it closes


class _Borrowing(SelectingLoop):
    """A base that has asyncio's own methods, so that a subclass can call them."""

    locals().update(BORROWED)


class ConnectingLoop(_Borrowing):
    """The methods that `scheduling.uncontrolled` refuses elsewhere."""

    def _check(self, ssl: Any) -> None:
        self.network  # noqa: B018  # it is made here at the latest
        if ssl:
            raise self.refuse(TLS)

    async def create_connection(
        self, factory: Any, host: Any = None, port: Any = None, *, ssl: Any = None, sock: Any = None, **kw: Any
    ) -> Any:
        self._check(ssl)
        return await super().create_connection(factory, host, port, sock=self._twins.of(sock), **kw)

    async def create_server(self, factory: Any, host: Any = None, port: Any = None, *, ssl: Any = None, sock: Any = None, **kw: Any) -> Any:
        self._check(ssl)
        return await super().create_server(factory, host, port, sock=self._twins.of(sock), **kw)

    async def connect_accepted_socket(self, factory: Any, sock: Any, *, ssl: Any = None, **kw: Any) -> Any:
        self._check(ssl)
        return await super().connect_accepted_socket(factory, self._twins.of(sock), **kw)

    async def create_datagram_endpoint(self, factory: Any, *args: Any, sock: Any = None, **kw: Any) -> Any:
        self._check(None)
        return await super().create_datagram_endpoint(factory, *args, sock=self._twins.of(sock), **kw)

    async def start_tls(self, *_: Any, **__: Any) -> Any:
        self._check(True)

    async def create_unix_connection(
        self, factory: Any, path: Any = None, *, ssl: Any = None, sock: Any = None, server_hostname: Any = None, **kw: Any
    ) -> Any:
        self._check(ssl)
        if path is None:
            return await self.create_connection(factory, sock=sock, **kw)
        made = self.network.make(socket.AF_UNIX)
        try:
            await super().sock_connect(made, os.fspath(path))
        except BaseException:
            made.close()
            raise
        return await self._create_connection_transport(made, factory, None, server_hostname)

    async def create_unix_server(
        self,
        factory: Any,
        path: Any = None,
        *,
        ssl: Any = None,
        sock: Any = None,
        backlog: int = 100,
        start_serving: bool = True,
        cleanup_socket: bool = CLEANS_UP,
        **_: Any,
    ) -> Any:
        self._check(ssl)
        if path is None:
            return await self.create_server(factory, sock=sock, backlog=backlog, start_serving=start_serving)
        made = self.network.make(socket.AF_UNIX)
        made.bind(os.fspath(path))
        made.cleans_up = cleanup_socket
        sockets: Any = [made]
        server = base_events.Server(self, sockets, factory, None, backlog, None)
        if start_serving:
            await server.start_serving()
        return server

    async def sock_connect(self, sock: Any, address: Any) -> None:
        self._check(None)
        await super().sock_connect(self._twins.of(sock), address)

    def _make_socket_transport(self, *args: Any, **kw: Any) -> Any:
        return self._noted(super()._make_socket_transport(*args, **kw))

    def _make_datagram_transport(self, *args: Any, **kw: Any) -> Any:
        return self._noted(super()._make_datagram_transport(*args, **kw))

    def _noted(self, made: Any) -> Any:
        self.made.append(made)
        return made

    def add_signal_handler(self, sig: Any, callback: Any, *args: Any) -> None:
        """No signal comes in a run."""

    def remove_signal_handler(self, sig: Any) -> bool:
        return False

    async def getaddrinfo(self, host: Any, port: Any, *, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:
        self._check(None)
        return await self.offer_job(f"resolver finds {host}", lambda: resolve(self.network.hosts, host, port, family, type, flags))

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        self._check(None)
        found: tuple[str, str] = await self.offer_job(
            f"resolver finds {sockaddr[0]}", lambda: names_of(self.network.hosts, sockaddr[0], sockaddr[1], flags)
        )
        return found


def _of_twin(name: str) -> Callable[..., Any]:
    method = BORROWED[name]

    def call(self: ConnectingLoop, sock: Any, *args: Any) -> Any:
        self._check(None)
        return method(self, self._twins.of(sock), *args)

    call.__name__ = name
    return call


for _name in "sock_recv sock_recv_into sock_recvfrom sock_recvfrom_into sock_sendall sock_sendto sock_accept".split():
    setattr(ConnectingLoop, _name, _of_twin(_name))
