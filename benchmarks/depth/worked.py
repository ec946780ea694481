"""How many schedules, and seconds of processor time, until a check of the default gate first fails, for each worked example with a finding.

The gate makes its checks in `fifo` with and without cancellation at the same time, so each line has the one that fails first for most
seeds. Bar: at most 500 schedules and 10 s; readers counted under the wrong lock, which only deliveries show, at most 2,000.
"""

from statistics import median
from time import process_time
from typing import Any

from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.gate.tasks import SHARDS
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import levels_of, load

LIMIT = 2_000  # schedules
SEEDS = range(1, 13)
BAR = 500
EXAMPLES = (
    *("rooms.py:Adapter", "seats.py:Overbooked", "parts.py:Greeting", "socketio_rooms.py:Adapter", "channels_groups.py:Shared"),
    *("broadcaster_subscribe.py:Remote", "redis_pubsub.py:Shared", "redis_pubsub.py:Own", "nats_client.py:Adapter"),
    *("options/sessions.py:Evicted", "options/retained.py:Lost", "options/presence.py:Late", "options/bounded.py:TooSoon"),
    *("options/patterns.py:Forgetful", "options/shared.py:Twice", "options/acknowledged.py:Forgets"),
    *("recipes/lost_connection.py:Late", "recipes/one_at_a_time.py:Racing", "recipes/in_flight.py:Overtaking", "recipes/heartbeat.py:Left"),
    *("world/line_hub.py:Keeps", "world/hub.py:Keeps", "world/fastapi_rooms.py:Forgets", "world/fastapi_rooms.py:JoinsTwice"),
    *("world/fastapi_rooms.py:OneTable", "world/fastapi_rooms.py:KeepsTheGone"),
)
SUBJECTS = (*(f"examples/{name}" for name in EXAMPLES), "stateful_tests/tests/data/adapters/counted_readers.py:Broken")


class _Noting(GateSearch):
    """A gate that notes the first run that fails, and does not look into it: the runs of that would count, too."""

    first: int | None = None

    def _look_into(self, program: Any, names: list[str], violations: Any) -> None:
        if violations and self.first is None:
            self.first = self.explorer.runner.schedules


def until_found(subject: str, level: str, seed: int, *, cancellation: bool) -> tuple[int, float]:
    """The schedules, `LIMIT` if none of so many fails, and the seconds."""

    def spent() -> bool:
        return search.first is not None or search.explorer.runner.schedules >= LIMIT

    profile = PROFILES["ci"]
    began = process_time()
    search = _Noting(Check(Order.FIFO, cancellation, level), LEVELS[level], load(subject, level), profile, Budget(spent))
    number = seed << 20
    while not spent():
        search.round(number, profile.examples // SHARDS)
        number += SHARDS
    return search.first or LIMIT, process_time() - began


def main() -> list[str]:
    """The table."""
    lines = [f"{'':42} {'median':>7} {'worst':>7} {'seconds':>8}   schedules, and the most seconds; {len(SEEDS)} seeds, at most {LIMIT:,}"]
    with running():
        for subject in SUBJECTS:
            (level,) = levels_of(subject)
            checks = [[until_found(subject, level, seed, cancellation=cancellation) for seed in SEEDS] for cancellation in (False, True)]
            found = min(checks, key=lambda check: median(schedules for schedules, _ in check))
            schedules, seconds = zip(*found, strict=True)
            within = sum(each <= BAR for each in schedules)
            cells = f"{median(schedules):7,.0f} {max(schedules):7,} {max(seconds):8.2f}   {within} of {len(found)} within {BAR}"
            lines.append(f"{subject.removeprefix('examples/'):42} {cells}")
    return lines
