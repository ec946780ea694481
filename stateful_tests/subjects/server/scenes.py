"""Beginnings of programs, each of which puts duties of the server at stake: half of the programs begin with one.

Drawn request by request, two subscribers with different choices of raw events are seldom there when a turn begins. A beginning says who
asks for what; all that can happen meanwhile and afterwards is drawn, as it is without one. It refuses to say how a run must go.
"""

from collections.abc import Mapping

from subwarden.impl.server.simulated_engine import STORED
from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Request

OLD, OTHER, NEW = *STORED, max(STORED) + 1  # the threads of the store, and the first that is made
HERE = rq.Initialize(1), rq.Initialize(2)
ONE, BOTH = (*HERE, rq.Resume(1, OLD)), (*HERE, rq.Resume(1, OLD), rq.Resume(2, OLD))
BY_AN_ID = *HERE, rq.Resume(2, OLD), rq.AddListener(1, 1, OLD, False)
TWO_IDS = rq.AddListener(2, 1, OLD, False), rq.AddListener(2, 2, OLD, True)
AGAIN = rq.Resume(2, OLD), rq.Unsubscribe(2, OLD)
ASKS = rq.TurnStart(1, OLD, True)
LEFT = *BOTH, ASKS, rq.Unsubscribe(1, OLD)
ALONE = rq.Initialize(1), rq.Resume(1, OLD), ASKS, rq.Initialize(2)  # the first client; the second comes later

SCENES: Mapping[str, tuple[Request, ...]] = {
    "one of two subscribers wants raw events": (*ONE, rq.AddListener(2, 1, OLD, True), rq.TurnStart(1, OLD, False)),
    "a client joins a thread that another has started": (*HERE, rq.Start(1, NEW, True), rq.Resume(2, NEW), rq.TurnStart(2, NEW, False)),
    "a client comes in the middle of a turn": (*ONE, ASKS, rq.Resume(2, OLD)),
    "two clients want one id": (*ONE, rq.AddListener(1, 1, OLD, False), rq.AddListener(2, 1, OLD, False)),
    "an id goes, and another reason stays": (*ONE, rq.AddListener(2, 1, OLD, False), rq.Resume(2, OLD), rq.RemoveListener(1, 1)),
    "one of the two ids of a client goes": (*ONE, *TWO_IDS, rq.RemoveListener(2, 1)),
    "a client changes its mind about raw events": (*ONE, *TWO_IDS, rq.TurnStart(1, OLD, False)),
    "two clients remove one id": (*ONE, rq.AddListener(2, 1, OLD, False), rq.RemoveListener(1, 1), rq.RemoveListener(2, 1)),
    "a client that was asked leaves": LEFT,
    "a client joins when another was asked, which leaves": (*ALONE, rq.AddListener(2, 1, OLD, False), rq.Unsubscribe(1, OLD)),
    "a client is asked again after an interrupt": (*ONE, ASKS, rq.TurnInterrupt(1, OLD), ASKS),
    "a client comes back, and is asked again": (*HERE, rq.Resume(1, OLD), ASKS, rq.Unsubscribe(1, OLD), rq.Resume(1, OLD), ASKS),
    "clients of two threads are asked": (*HERE, rq.Resume(1, OLD), rq.Resume(2, OTHER), ASKS, rq.TurnStart(2, OTHER, True)),
    "two clients interrupt one turn": (*BOTH, rq.TurnStart(1, OLD, False), rq.TurnInterrupt(1, OLD), rq.TurnInterrupt(2, OLD)),
    "the second turn is interrupted": (*ONE, rq.TurnStart(2, OLD, False), rq.TurnStart(2, OLD, True), rq.TurnInterrupt(2, OLD)),
    "a client comes back while events wait for it": (*BY_AN_ID, rq.TurnStart(2, OLD, False), rq.RemoveListener(2, 1), rq.Resume(1, OLD)),
    "a turn is followed by rollbacks": (*ONE, rq.TurnStart(1, OLD, False), rq.Rollback(1, OLD), rq.Rollback(2, OLD)),
    "the last subscriber leaves and comes back": (*HERE, *AGAIN, *AGAIN),
    "both subscribers leave": (*BOTH, rq.Unsubscribe(2, OLD), rq.Unsubscribe(1, OLD)),
    "a thread is archived under its subscribers": (*BOTH, rq.Archive(2, OLD), rq.Resume(1, OLD)),
    "a subscriber closes in the middle of a turn": (*BOTH, rq.TurnStart(2, OLD, False), rq.Close(1)),
    "others are served while the engine works": (*HERE, rq.Fork(1, OLD, NEW), rq.ListLoaded(1), rq.Unsubscribe(2, OLD)),
}
