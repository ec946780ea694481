"""Finds the address of a host in a network of one run, as `socket.getaddrinfo` does."""

import socket
from contextlib import suppress
from typing import Any

from subwarden.world.network.hosts import ANY, LOOPBACK, Hosts, family_of


def resolve(hosts: Hosts, host: Any, port: Any, family: int, kind: int, flags: int) -> list[tuple[Any, ...]]:
    """The address of `host` in each kind of socket that is asked for. Raises socket.gaierror."""
    if host in ANY and not flags & socket.AI_PASSIVE:
        host = LOOPBACK
    address = hosts.address(host)
    found = family_of(address)
    if family == socket.AF_INET6 and found != family and address in (LOOPBACK, *ANY):
        address, found = ("::1" if address == LOOPBACK else "::"), socket.AF_INET6
    if family not in (0, found):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [(found, each, proto, "", _at(address, _number(port), found)) for each, proto in _kinds(kind)]


def names_of(hosts: Hosts, address: str, port: int, flags: int) -> tuple[str, str]:
    """The names of a host and of a service, as `getnameinfo` gives them; numbers where there is no name. Raises socket.gaierror."""
    host = address if flags & socket.NI_NUMERICHOST else hosts.name(address)
    if host == address and flags & socket.NI_NAMEREQD:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    service = str(port)
    if not flags & socket.NI_NUMERICSERV:
        with suppress(OSError):
            service = socket.getservbyport(port, "udp" if flags & socket.NI_DGRAM else "tcp")
    return host, service


def _kinds(kind: int) -> list[tuple[socket.SocketKind, int]]:
    every = [(socket.SOCK_STREAM, socket.IPPROTO_TCP), (socket.SOCK_DGRAM, socket.IPPROTO_UDP)]
    return [each for each in every if kind in (0, each[0])]


def _number(port: Any) -> int:
    if port is None or port == "":
        return 0
    if isinstance(port, int):
        return port
    text = port.decode() if isinstance(port, bytes) else str(port)
    if text.isdigit():
        return int(text)
    try:
        return socket.getservbyname(text)
    except OSError:
        raise socket.gaierror(socket.EAI_SERVICE, "Servname not supported for ai_socktype") from None


def _at(address: str, port: int, family: int) -> tuple[Any, ...]:
    return (address, port, 0, 0) if family == socket.AF_INET6 else (address, port)
