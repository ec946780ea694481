"""Defects of the manager's maps: maps that disagree, subscriptions that are wrong or missing."""

import asyncio
from typing import Any

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.core import causes as core_causes
from subwarden.model.core.step import Connect, Subscribe, Unsubscribe
from subwarden.model.properties import CoreProperty
from subwarden.stateful_tests.specimens.core_defects.reference import Adapter, PubSub
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.subjects.core.program import CoreProgram


class Made(Adapter):  # type: ignore[misc]  # an example is not typed
    """The reference adapter with another manager inside."""

    manager: Any = PubSub

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.pubsub = self.manager(self.send)
        for name in ("connect", "subscribe", "unsubscribe", "publish", "disconnect", "teardown"):
            setattr(self, name, getattr(self.pubsub, name))


def made(manager: Any) -> Any:
    """The class of adapters of `manager`."""
    return type(manager.__name__, (Made,), {"manager": manager, "__qualname__": manager.__qualname__, "__module__": manager.__module__})


class OneMapForgotten(PubSub):  # type: ignore[misc]  # an example is not typed
    """Unsubscribing leaves the entry in the client's map."""

    async def unsubscribe(self, client: Any, topic: Any) -> bool:
        async with self._lock:
            if topic not in self._clients.get(client, ()):
                return False
            self._topics[topic].pop(client, None)
            return True


class NeverAsks(PubSub):  # type: ignore[misc]  # an example is not typed
    """It subscribes clients that are not connected."""

    async def subscribe(self, client: Any, topic: Any) -> bool:
        async with self._lock:
            self._clients.setdefault(client, {})[topic] = None
            self._topics.setdefault(topic, {})[client] = None
            return True


class KeepsTheDead(PubSub):  # type: ignore[misc]  # an example is not typed
    """A disconnect leaves the subscriptions."""

    async def disconnect(self, client: Any) -> None:
        async with self._lock:
            self._closed.add(client)


class Revives(PubSub):  # type: ignore[misc]  # an example is not typed
    """A close is not final."""

    async def connect(self, client: Any) -> None:
        async with self._lock:
            self._clients.setdefault(client, {})


class TearsHalf(PubSub):  # type: ignore[misc]  # an example is not typed
    """A teardown leaves the first subscriber."""

    async def teardown(self, topic: Any) -> None:
        async with self._lock:
            for client in list(self._topics.get(topic, ()))[1:]:
                self._unlink(client, topic)


class Resubscribes(PubSub):  # type: ignore[misc]  # an example is not typed
    """A task that renews subscriptions does not check whether they have ended meanwhile."""

    async def subscribe(self, client: Any, topic: Any) -> bool:
        done: bool = await super().subscribe(client, topic)
        if done:
            self._keeper = asyncio.create_task(self._keep(client, topic))
        return done

    async def _keep(self, client: Any, topic: Any) -> None:
        await asyncio.sleep(1)
        async with self._lock:
            if client in self._clients:
                self._clients[client][topic] = None
                self._topics.setdefault(topic, {})[client] = None


class OneSeat(PubSub):  # type: ignore[misc]  # an example is not typed
    """A subscribe to a topic ends the subscriptions of other clients to it."""

    async def subscribe(self, client: Any, topic: Any) -> bool:
        async with self._lock:
            for other in list(self._topics.get(topic, ())):
                if client in self._clients and other != client:
                    self._unlink(other, topic)
        done: bool = await super().subscribe(client, topic)
        return done


class OneTopic(PubSub):  # type: ignore[misc]  # an example is not typed
    """Unsubscribing from a topic ends all of the client's subscriptions."""

    async def unsubscribe(self, client: Any, topic: Any) -> bool:
        async with self._lock:
            if topic not in self._clients.get(client, ()):
                return False
            for each in list(self._clients[client]):
                self._unlink(client, each)
            return True


class NotUnsubscribed(PubSub):  # type: ignore[misc]  # an example is not typed
    """It answers that it has unsubscribed, and has not."""

    async def unsubscribe(self, client: Any, topic: Any) -> bool:
        async with self._lock:
            return topic in self._clients.get(client, ())


class AlwaysYes(PubSub):  # type: ignore[misc]  # an example is not typed
    """It answers that there was a subscription even if there was none."""

    async def unsubscribe(self, client: Any, topic: Any) -> bool:
        await super().unsubscribe(client, topic)
        return True


class OnlyOnce(PubSub):  # type: ignore[misc]  # an example is not typed
    """A second disconnect raises."""

    async def disconnect(self, client: Any) -> None:
        if client in self._closed:
            raise KeyError(client)
        await super().disconnect(client)


class Brokered(Adapter):  # type: ignore[misc]  # an example is not typed
    """It informs a broker of every subscription, but not of a disconnect."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.at_broker: set[tuple[Any, Any]] = set()
        self.subscribe, self.unsubscribe, self.teardown = self.subscribing, self.unsubscribing, self.tearing

    async def subscribing(self, client: Any, topic: Any) -> bool:
        done: bool = await self.pubsub.subscribe(client, topic)
        if done:
            self.at_broker.add((client, topic))
        return done

    async def unsubscribing(self, client: Any, topic: Any) -> bool:
        self.at_broker.discard((client, topic))
        done: bool = await self.pubsub.unsubscribe(client, topic)
        return done

    async def tearing(self, topic: Any) -> None:
        self.at_broker = {pair for pair in self.at_broker if pair[1] != topic}
        await self.pubsub.teardown(topic)

    def broker(self) -> set[tuple[Any, Any]]:
        return self.at_broker


class Crowded(Adapter):  # type: ignore[misc]  # an example is not typed
    """It declares an invariant that its manager breaks: at most one client on a topic."""

    properties = {"a topic has one subscriber": lambda shown: len({t for _, t in shown["by topic"]}) == len(shown["by topic"])}  # noqa: RUF012


# drawn programs show these too, but take seconds instead of tenths of a second
LEAVES = CoreProgram(((Connect("c1"), Subscribe("c1", "t1"), Unsubscribe("c1", "t1")),))
TWO_TOPICS = CoreProgram(((Connect("c1"), Subscribe("c1", "t1"), Subscribe("c1", "t2"), Unsubscribe("c1", "t1")),))
TWO_CLIENTS = CoreProgram(((Connect("c1"), Connect("c2")), (Subscribe("c1", "t1"),), (Subscribe("c2", "t1"),)))

DEFECTS = (
    Defect(made(OneMapForgotten), causes.MAPS_DISAGREE, 3, program=LEAVES),
    Defect(made(NeverAsks), causes.SUBSCRIBED_DEAD, 1, also=(causes.REVIVED,)),
    Defect(made(KeepsTheDead), causes.OUTLIVES, 3, also=(causes.SUBSCRIBED_DEAD, causes.REVIVED)),
    Defect(made(Revives), causes.REVIVED, 3, also=(causes.SUBSCRIBED_DEAD, causes.REVIVED)),
    Defect(made(TearsHalf), core_causes.RESURRECTED, 3),
    Defect(made(Resubscribes), core_causes.APPEARS, 3, program=LEAVES),
    Defect(made(OneSeat), core_causes.VANISHES, 4, program=TWO_CLIENTS),
    Defect(made(OneTopic), core_causes.VANISHES, 4, program=TWO_TOPICS),
    Defect(made(NotUnsubscribed), causes.wrong_state("unsubscribe"), 3, program=LEAVES),
    Defect(made(AlwaysYes), causes.wrong_answer("unsubscribe"), 1),
    Defect(made(OnlyOnce), causes.raised("disconnect", KeyError()), 2),
    Defect(Brokered, core_causes.BROKER_DIFFERS, 3),
    Defect(Crowded, Cause(CoreProperty.OWN, "a topic has one subscriber"), 4, program=TWO_CLIENTS),
)
