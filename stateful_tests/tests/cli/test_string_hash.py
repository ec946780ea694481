"""A command runs under a pinned string hash, and a replay under the one that it was recorded under, whatever the environment says."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

import subwarden
from subwarden.scheduling import string_hash
from subwarden.stateful_tests.explore.code import decode as decode_scenario
from subwarden.stateful_tests.explore.code import encode as encode_scenario
from subwarden.stateful_tests.fixture.pinned import Elsewhere
from subwarden.stateful_tests.runs.replay import BadReplay, decode, read
from subwarden.stateful_tests.tests.paths import DATA, ROOT

HUB = DATA / "hub"  # its rooms are sets of strings, and the order of a broadcast decides whether the defect shows
LOST = HUB / "lost.txt"
MODULE = "subwarden.stateful_tests.tests.data.scenarios.order_of_a_set"
ENVIRONMENTS = (None, "random", "1")


def started(*words: str, hash_seed: str | None) -> tuple[int, str, str]:
    """A fresh process of Python, in the project's folder, whose environment says `hash_seed`."""
    environment = {name: value for name, value in os.environ.items() if name != string_hash.VARIABLE}
    if hash_seed is not None:
        environment[string_hash.VARIABLE] = hash_seed
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_replay_shows_the_same_in_every_environment() -> None:
    first, *others = [
        started("-m", "subwarden", "replay", str(LOST), "--subject", read(str(LOST)).subject, hash_seed=seed) for seed in ENVIRONMENTS
    ]
    assert first[0] == 1, first
    assert "D1 delivered once" in first[1]
    assert others == [first] * len(others)


def test_a_restarted_process_hashes_strings_by_its_seed_alone() -> None:
    code = "from subwarden.scheduling import string_hash as s; s.replaceable = True; s.restart(7); print(s.current(), hash('room'))"
    assert len({started("-c", code, hash_seed=seed) for seed in ENVIRONMENTS}) == 1


def test_a_process_that_is_no_command_of_ours_is_never_replaced() -> None:
    code = "from subwarden.scheduling import string_hash as s; s.restart(7); print(s.current())"
    assert started("-c", code, hash_seed=None) == (0, "None\n", "")


def test_a_replay_keeps_its_seed_and_refuses_one_that_python_does_not_take() -> None:
    kept = replace(read(str(LOST)), hash_seed=12)
    assert read(kept.string()).hash_seed == 12
    assert "hash_seed" not in replace(kept, hash_seed=0).encode()  # strings of versions that knew of none stay as they are
    for wrong in (-1, string_hash.LARGEST + 1, "7", True):
        with pytest.raises(BadReplay, match="its hash_seed is a whole number"):
            decode({**kept.encode(), "hash_seed": wrong}, "here")


SCENARIO = f"{DATA / 'scenarios' / 'order_of_a_set.py'}:broadcast"
EXPLORE = ("-m", "subwarden", "explore", SCENARIO, "--order", "fifo", "--schedules", "20")


def found(hash_seed: str) -> str:
    """The replay string of the failure that an exploration under this hash finds."""
    code, out, _ = started(*EXPLORE, hash_seed=hash_seed)
    return out.partition(" --replay ")[2].split()[0] if code == 1 else ""


@pytest.mark.slow
def test_a_replay_of_a_scenario_brings_its_hash() -> None:
    """The scenario fails under some hashes only: the run of one that is not the usual shows the same in every environment."""
    seed, replay = next((seed, text) for seed in range(1, 40) if (text := found(str(seed))))
    assert decode_scenario(replay).hash_seed == seed
    first, *others = [started(*EXPLORE[:4], "--replay", replay, hash_seed=each) for each in ENVIRONMENTS]
    assert first[0] == 1, first
    assert others == [first] * len(others)
    code = f"import subwarden; from {MODULE} import broadcast; print(subwarden.replay({replay!r}, broadcast).verdict)"
    assert [started("-c", code, hash_seed=each)[1] for each in ENVIRONMENTS] == ["violated\n"] * len(ENVIRONMENTS)


def test_a_run_whose_hash_nobody_knows_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that somebody else has started. Where it cannot be followed, the hash is named as a reason."""
    monkeypatch.setattr(string_hash, "current", lambda: None)
    made = subwarden.explore(swaps, order="fifo", schedules=5)
    assert "the string hash is not pinned" in made.text()
    run = decode_scenario(made.findings[0]["replay"])
    assert run.hash_seed is None
    monkeypatch.setattr(string_hash, "current", lambda: 0)
    other = encode_scenario(run._replace(check=b"\0\0\0"))
    assert "or its sets of strings come in another order" in subwarden.replay(other, swaps).text()
    known = encode_scenario(run._replace(check=b"\0\0\0", hash_seed=7))
    monkeypatch.setattr("subwarden.stateful_tests.fixture.api.with_factory", lambda *_: Elsewhere("it has no name"))
    assert "the string hash is another here; set PYTHONHASHSEED=7" in subwarden.replay(known, swaps).text()


async def swaps() -> None:
    raise ValueError("always")
