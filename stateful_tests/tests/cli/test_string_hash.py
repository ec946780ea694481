"""A command runs under a pinned string hash, and a replay under the one that it was recorded under, whatever the environment says."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from subwarden.scheduling import string_hash
from subwarden.stateful_tests.runs.replay import BadReplay, decode, read
from subwarden.stateful_tests.tests.paths import DATA, ROOT

HUB = DATA / "hub"  # its rooms are sets of strings, and the order of a broadcast decides whether the defect shows
LOST = HUB / "lost.txt"
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
