"""asyncio's own code for connections and servers, with our `socket` in the place of the module of that name.

So resolving, happy eyeballs, `create_server` and every order of steps and callbacks are those of the Python at hand.
"""

import socket
from asyncio import base_events, selector_events
from functools import lru_cache
from threading import get_ident
from types import FunctionType, ModuleType
from typing import Any

from subwarden.scheduling.loop import ENTERED

FROM_BASE = (
    "create_connection _connect_sock _create_connection_transport create_server _create_server_getaddrinfo _ensure_resolved "
    "create_datagram_endpoint connect_accepted_socket"
).split()
FROM_SELECTOR = (
    "_make_socket_transport _make_datagram_transport _start_serving _accept_connection _accept_connection2 _stop_serving "
    "_ensure_fd_no_transport sock_recv _sock_recv sock_recv_into _sock_recv_into sock_recvfrom _sock_recvfrom sock_recvfrom_into "
    "_sock_recvfrom_into sock_sendall _sock_sendall sock_sendto _sock_sendto sock_connect _sock_connect _sock_connect_cb "
    "sock_accept _sock_accept _sock_read_done _sock_write_done"
).split()


def _socket(family: int = -1, type: int = -1, proto: int = -1, fileno: object = None) -> Any:  # the parameters of `socket.socket`
    loop: Any = ENTERED[get_ident()]
    return loop.network.make(family, type, proto, fileno)


#: The module `socket`, but that its sockets are those of the running loop's network.
_SOCKET_MODULE = ModuleType("socket")
vars(_SOCKET_MODULE).update(vars(socket), socket=_socket)
#: What the borrowed code finds elsewhere than in its own module. Whether a host is an address is asked in every run, about the same few.
_OTHERS = {"socket": _SOCKET_MODULE, "_ipaddr_info": lru_cache(typed=True)(base_events._ipaddr_info)}  # type: ignore[attr-defined]


def _borrow(function: Any) -> Any:
    made = FunctionType(function.__code__, {**function.__globals__, **_OTHERS}, function.__name__, function.__defaults__)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__qualname__ = function.__qualname__
    return made


#: The methods by name.
BORROWED = {
    **{name: _borrow(getattr(base_events.BaseEventLoop, name)) for name in FROM_BASE},
    **{name: _borrow(getattr(selector_events.BaseSelectorEventLoop, name)) for name in FROM_SELECTOR},
}
