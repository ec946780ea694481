"""Options that several verbs share, and the exit codes that all verbs share."""

import argparse
import os
import re
import tomllib
from pathlib import Path

from subwarden.cli.reporting.say import say

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


DEFAULTS = ("profile", "subject", "seed", "jobs", "budget")  # options that [tool.subwarden] in pyproject.toml may set
EXIT_CODES = "exit codes: 0 holds, 1 violated, 2 inconclusive, 3 usage or internal error"


class BadDefaults(Exception):
    """[tool.subwarden] in pyproject.toml cannot be used; the message is the line to show."""


class CannotWrite(Exception):
    """An output file cannot be written; the message is the line to show."""


def duration(text: str) -> float:
    """Seconds from `90`, `90s`, `10m` or `1h`."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if match is None or float(match[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration; write seconds, or a number with s, m or h, such as 10m")
    return float(match[1]) * UNITS[match[2]]


BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
LEAST_MEMORY = 100 << 20  # bytes: the harness itself takes about as much


def size(text: str) -> int:
    """Bytes from `500M`, `4G`, `4GiB` or a number."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?", text.strip().lower())
    made = 0 if match is None else int(float(match[1]) * BYTES[match[2]])
    if made < LEAST_MEMORY:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of memory of 100M at least; write a number with M or G, such as 4G")
    return made


def add_max_memory(parser: argparse.ArgumentParser) -> None:
    """Add --max-memory."""
    parser.add_argument(
        "--max-memory",
        type=size,
        metavar="SIZE",
        help="memory that a subject may take, in all worker processes together: 500M, 4G (default: half of the machine's)",
    )


LEVELS = ("manager", "server")
LEVELS_BEFORE = {"1": "manager", "2": "server"}  # until 0.2


def level(text: str) -> str:
    """The name of a level, from its name or the number that it had before 0.2."""
    name = LEVELS_BEFORE.get(text, text)
    if name not in LEVELS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a level; give {' or '.join(LEVELS)}")
    return name


def seed(text: str) -> int:
    """A whole number from 0 up."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; give a whole number from 0 up")
    return int(text)


def count(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def folder_path(text: str) -> Path:
    """The path of a folder. An empty one, of a shell variable that is not set, would be the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is no folder; give its path")
    return Path(text)


def output(text: str) -> str:
    """The path of an output file. It is checked before the work begins, so that an hour of work is not lost."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"cannot write {text!r}; give a file in a folder that exists and may be written")
    return text


def cores() -> int:
    """Processors that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def fitting(verb: str, jobs: int) -> int:
    """`jobs`, but no more than this machine can run at once: more would only wait for each other. Two are always let be."""
    most = max(2, cores())
    if jobs <= most:
        return jobs
    say(f"subwarden {verb}: --jobs {jobs} is more than this machine has cores; {most} workers are used\n")
    return most


OUTPUTS = ("json", "html", "script", "trace")


def refuse_overwriting(options: argparse.Namespace) -> None:
    """Raises CannotWrite where an output file is also an input, or another output: a mistake that would cost a file."""
    values = vars(options)
    outputs = {name: str(values[name]) for name in OUTPUTS if values.get(name) is not None}
    given = [str(value) for name, value in values.items() if isinstance(value, str | Path) and name not in OUTPUTS]
    for subject in [value for value in given if ":" in value]:  # path/to/file.py:Factory, or exec:COMMAND
        given += [subject.rpartition(":")[0], *subject.removeprefix("exec:").split()]
    for name, path in outputs.items():
        others = [other for which, other in outputs.items() if which != name]
        if any(_same_file(path, other) for other in (*given, *others)):
            raise CannotWrite(f"--{name} {path} would overwrite a file that this command reads or writes; give another file")


def _same_file(path: str, other: str) -> bool:
    try:
        return os.path.isfile(other) and os.path.isfile(path) and os.path.samefile(path, other)
    except (OSError, ValueError):
        return False


def set_defaults(verb: argparse.ArgumentParser, folder: Path) -> None:
    """Set the defaults of `verb` that [tool.subwarden] names, in the nearest pyproject.toml of `folder` and those above it.

    Options on the command line go before them. Raises BadDefaults.
    """
    file = next((each / "pyproject.toml" for each in (folder, *folder.parents) if (each / "pyproject.toml").is_file()), None)
    if file is None:
        return
    try:
        tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError) as error:
        raise BadDefaults(f"cannot read {file}: {error}") from None
    except RecursionError:
        raise BadDefaults(f"cannot read {file}: it is nested too deeply") from None
    given = tool.get("subwarden", {}) if isinstance(tool, dict) else tool
    if not isinstance(given, dict):
        raise BadDefaults(f"{file}: tool.subwarden is a table, not {given!r:.40}")
    for key, value in given.items():
        if key not in DEFAULTS or isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadDefaults(f"{file}: [tool.subwarden] has {key} = {value!r:.40}; it sets {', '.join(DEFAULTS)}, to a text or a number")
        for action in verb._actions:
            if action.dest != key:
                continue
            if action.choices is not None and value not in action.choices:
                raise BadDefaults(f"{file}: [tool.subwarden] has {key} = {value!r:.40}; give one of {', '.join(map(str, action.choices))}")
            try:
                verb._get_value(action, str(value))
            except argparse.ArgumentError as error:  # told by argparse, it would be an option that nobody has given
                raise BadDefaults(f"{file}: [tool.subwarden] has {key} = {value!r:.40}; {error.message}") from None
            action.required = False
            verb.set_defaults(**{key: str(value)})  # argparse converts a default that is a text, as it does what is given
