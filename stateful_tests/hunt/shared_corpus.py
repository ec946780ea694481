"""Findings that hunts on several machines share, in an example database of Hypothesis: a folder, or a Redis server.

What comes from there is data. An entry is looked at only if it names the subject that is hunted here, and a finding counts only once its
run shows it here, on this subject: it is played before it is told. An entry that cannot be read is left where it is, and passed over.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from subwarden.files.journal import DAMAGED
from subwarden.impl.subjects import canonical
from subwarden.stateful_tests.hunt.encoding import decode, encode
from subwarden.stateful_tests.hunt.folder import BadFolder
from subwarden.stateful_tests.hunt.plan import Plan, refreshed
from subwarden.stateful_tests.hunt.work import Kept
from subwarden.stateful_tests.runs import replay

LARGEST = 1_000_000  # bytes of an entry
MOST = 1_000  # entries that are looked at in a session: whoever may write there could write without end
EVERY = 5.0  # seconds between two looks


class SharedCorpus:
    """The findings of all hunts of `subject` in `database`. Nothing that it does raises: a corpus that is away costs no hunt."""

    def __init__(self, database: ExampleDatabase, subject: str) -> None:
        self.failed: str | None = None  # why the database could not be used the first time
        self._database = database
        self._subject = canonical(subject)
        self._key = f"subwarden/hunt/1/{self._subject}".encode()
        self._seen: set[bytes] = set()

    def give(self, kept: Kept) -> None:
        """Let the others have a finding."""
        entry = json.dumps(encode(self._subject, kept), sort_keys=True).encode()
        self._seen.add(entry)
        self._try(lambda: self._database.save(self._key, entry))

    def news(self) -> list[Kept]:
        """The findings of others that have come since the last time, as they say: none is confirmed yet."""
        entries: list[bytes] = []
        self._try(lambda: entries.extend(self._database.fetch(self._key)))
        fresh = sorted(entry for entry in set(entries) - self._seen if len(entry) <= LARGEST)
        fresh = fresh[: max(0, MOST - len(self._seen))]
        self._seen.update(fresh)
        return [kept for entry in fresh if (kept := self._decoded(entry)) is not None]

    def confirmed(self, plan: Plan) -> list[Kept]:
        """The news that the subject of `plan` shows here, too: each is played on it first. Raises BadSubject."""
        levels = {check.level for check in plan.checks}
        shown = [refreshed(plan.subject, kept) for kept in self.news() if kept.finding.level in levels]
        return [kept for kept in shown if kept is not None]

    def _decoded(self, entry: bytes) -> Kept | None:
        try:
            data: dict[str, Any] = json.loads(entry)
            run = replay.decode(data, "an entry of the corpus")
            if run.subject != self._subject:
                return None
            kept = decode(run, data)
            finding, words = kept.finding, (kept.finding.cause.mechanism, kept.finding.cause.where, kept.strategy)
            if not all(isinstance(word, str) for word in words) or not all(isinstance(number, int) for number in finding.size):
                return None
            return kept._replace(strategy=kept.strategy[:40], shrunk=bool(kept.shrunk))
        except (replay.BadReplay, *DAMAGED):
            return None

    def _try(self, use: Callable[[], object]) -> None:
        try:
            use()
        except Exception as error:  # the database is somebody else's, and may be away
            self.failed = self.failed or f"the corpus cannot be used now: {type(error).__name__}: {error}".splitlines()[0]


def opened(where: str) -> ExampleDatabase:
    """The database at `where`: redis://..., or a folder. Raises BadFolder, which says how to mend it."""
    if not where.startswith(("redis://", "rediss://")):
        if not where.strip() or "://" in where or (Path(where).exists() and not Path(where).is_dir()):
            raise BadFolder(f"--corpus {where!r} is neither a folder nor a redis:// URL; give one of them")
        _writable(Path(where))
        return DirectoryBasedExampleDatabase(Path(where))
    try:
        import redis  # noqa: PLC0415  # an extra
        from hypothesis.extra.redis import RedisExampleDatabase  # noqa: PLC0415  # it needs that extra
    except ModuleNotFoundError:
        raise BadFolder("--corpus redis://... needs the package redis; install the extra: pip install 'subwarden[redis]'") from None
    try:
        server = redis.Redis.from_url(where, socket_timeout=2, socket_connect_timeout=2)
        server.ping()
    except (redis.AuthenticationError, redis.ResponseError) as error:
        mend = "give a URL that it accepts, such as redis://:PASSWORD@HOST:PORT/0"
        raise BadFolder(f"--corpus {_open(where)}: the Redis server there refuses ({error}); {mend}") from None
    except (redis.RedisError, ValueError, OSError) as error:
        raise BadFolder(f"--corpus {_open(where)}: no Redis server answers there ({error}); start one, or give a folder") from None
    return RedisExampleDatabase(server, key_prefix=b"subwarden:")


def _open(where: str) -> str:
    """The URL `where`, as it may stand in a log: without a password."""
    return re.sub("//.*@", "//...@", where)


def _writable(folder: Path) -> None:
    """Raises BadFolder if nothing can be shared there: Hypothesis passes over what it cannot write."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadFolder(f"--corpus {folder}: cannot write there: {error.strerror}; make it writable, or give another folder") from None
