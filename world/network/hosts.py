"""The hosts of a network: their names and addresses, and which of them can reach each other."""

import ipaddress
import socket
from contextvars import ContextVar
from functools import lru_cache

HERE = "localhost"  # the host on which everything runs that is not said to run elsewhere
LOOPBACK = "127.0.0.1"
ANY = ("", "0.0.0.0", "::", None)

current: ContextVar[str] = ContextVar("host", default=HERE)


class Hosts:
    """Names and addresses, given in the order in which they are first asked for."""

    def __init__(self) -> None:
        self._addresses: dict[str, str] = {}
        self.cuts: set[frozenset[str | None]] = set()  # the paths on which nothing passes

    def address(self, name: object) -> str:
        """The address of the host `name`, or the address that `name` already is."""
        if name in ANY:
            return "0.0.0.0"
        text = name.decode() if isinstance(name, bytes) else str(name)
        numeric = _numeric(text)
        if numeric is not None:
            return numeric
        if text.rstrip(".").lower() == HERE:
            return LOOPBACK
        if text not in self._addresses:
            number = len(self._addresses) + 1
            self._addresses[text] = f"10.0.{number // 254}.{number % 254 + 1}"
        return self._addresses[text]

    def name(self, address: str) -> str:
        """The host that has `address`, seen from the current one."""
        if address in (*ANY, LOOPBACK, "::1") or address.startswith("127."):
            return current.get()
        for name, known in self._addresses.items():
            if known == address:
                return name
        return address

    def outward(self, host: str) -> str:
        """The address that others see of `host`."""
        return LOOPBACK if host == HERE else self.address(host)

    def cut(self, one: str, other: str | None) -> None:
        """From now on, nothing passes between two hosts, or between one and all others."""
        self.cuts.add(frozenset((one, other)))

    def join(self, one: str | None, other: str | None) -> None:
        """Let everything pass again between two hosts; of one host, to every other; of none, everywhere."""
        self.cuts = {pair for pair in self.cuts if (one is not None and one not in pair) or (other is not None and other not in pair)}

    def reach(self, one: str, other: str) -> bool:
        """Whether two hosts can reach each other."""
        return one == other or not self.cuts & {frozenset((one, other)), frozenset((one, None)), frozenset((None, other))}


@lru_cache
def _numeric(text: str) -> str | None:
    """The address that `text` is, if it is one: asked in every run, mostly about the same few names."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def family_of(address: str) -> socket.AddressFamily:
    """The address family of a numeric address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET
