"""The sources of order that the controlled loop cannot control, by name.

Sockets, threads, executors, subprocesses and signals bring an order of their own. To let them pass in silence would make a verdict
worthless, so each raises at once and the loop remembers the name: a subject that swallows the exception is still found out.
"""

from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import Any, NoReturn

SOURCES = (
    "run_in_executor set_default_executor getaddrinfo getnameinfo create_connection create_server start_tls sendfile "
    "create_unix_connection create_unix_server connect_accepted_socket create_datagram_endpoint connect_read_pipe "
    "connect_write_pipe subprocess_shell subprocess_exec add_reader remove_reader add_writer remove_writer sock_recv "
    "sock_recv_into sock_recvfrom sock_recvfrom_into sock_sendall sock_sendto sock_connect sock_accept sock_sendfile "
    "add_signal_handler remove_signal_handler run_forever run_until_complete"
).split()


class UncontrolledSource(RuntimeError):
    """The subject asked for something whose order the scheduler cannot choose."""

    def __init__(self, name: str) -> None:
        super().__init__(f"loop.{name} brings an order that cannot be controlled; replace it by a fake that waits for an outside event")
        self.name = name


def _refusal(name: str) -> Callable[..., NoReturn]:
    def refuse(self: Any, *_: object, **__: object) -> NoReturn:
        self.uncontrolled.append(name)
        raise UncontrolledSource(name)

    refuse.__name__ = name
    return refuse


#: A base for the loop in which every uncontrolled source is refused, by name.
Refusing: Any = type("Refusing", (AbstractEventLoop,), {name: _refusal(name) for name in SOURCES})
