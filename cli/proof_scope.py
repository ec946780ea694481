"""The options that bound a proof, and the scope that they make: with defaults of its level, or of a search that goes on."""

import argparse
from dataclasses import fields, replace
from typing import Any

from subwarden.cli.options import level
from subwarden.files.journal import DAMAGED
from subwarden.proving.manager.scope import Scope
from subwarden.proving.search.state_file import CannotKeep
from subwarden.proving.server.scope import EXTRAS, ServerScope

AnyScope = Scope | ServerScope
LEVELS: dict[str, AnyScope] = {"manager": Scope(), "server": ServerScope()}
OPTIONS = {  # a number each, and the levels at which it means something
    "connections": ("manager", "server"),
    "threads": ("manager", "server"),
    "subscriptions": ("manager", "server"),
    "requests": ("server",),
    "conversations": ("manager",),
    "in-flight": ("manager",),
    "items": ("manager",),
}
FIELDS = {"requests": "in_flight", "in-flight": "in_flight"}  # where the scope has another name
TEXTS = {
    "connections": "connections",
    "threads": "threads",
    "subscriptions": "explicit subscription ids",
    "requests": "requests in flight at a time",
    "conversations": "conversations of each thread; 0: no listeners",
    "in-flight": "calls in flight at a time; 0: every operation is one step",
    "items": "items of a turn",
}
SWITCHES = ("no-turns", "no-raw")


def add_scope(parser: argparse.ArgumentParser) -> None:
    """Add the options that bound a proof."""
    parser.add_argument("--level", type=level, metavar="{manager,server}", help="which model (default: manager)")
    # numbers have no default here: which it is, and whether the option means anything, depends on the level
    for option, of_level in OPTIONS.items():
        field = FIELDS.get(option, option)
        defaults = [f"{getattr(scope, field)}" for name, scope in LEVELS.items() if name in of_level]
        default = " and ".join(dict.fromkeys(defaults))
        only = f"level {of_level[0]}: " if len(of_level) == 1 else ""
        parser.add_argument(f"--{option}", type=int, metavar="N", help=f"{only}{TEXTS[option]} (default {default})")
    parser.add_argument("--no-turns", action="store_true", help="level manager: without turns")
    parser.add_argument("--no-raw", action="store_true", help="level manager: without raw events")
    parser.add_argument("--no-symmetry", action="store_true", help="keep every state, not one of each orbit under renaming")
    parser.add_argument("--extras", metavar="A,B", help=f"level server: parts of the model beside its core: {', '.join(EXTRAS)}")


def scope_of(args: argparse.Namespace, base: AnyScope | None = None) -> AnyScope:
    """The scope of the options; what they leave out is that of `base`, or the level's default. Raises ValueError for an option that the
    level does not have."""
    base = base or LEVELS[args.level or "manager"]
    foreign = [option for option, of_level in OPTIONS.items() if base.level not in of_level and _given(args, option) is not None]
    foreign += [option for option in SWITCHES if base.level != "manager" and _given(args, option)]
    foreign += ["extras"] if base.level != "server" and args.extras is not None else []
    if foreign:
        raise ValueError(f"--{foreign[0]} is not an option of level {base.level}")
    changes: dict[str, Any] = {FIELDS.get(o, o): _given(args, o) for o in OPTIONS if _given(args, o) is not None}
    if args.extras is not None:
        changes["extras"] = tuple(sorted({e.strip() for e in args.extras.split(",") if e.strip()}))
    if args.no_turns:
        changes["items"] = None
    if args.no_raw:
        changes["raw"] = False
    return replace(base, **changes)


def _given(args: argparse.Namespace, option: str) -> Any:
    return vars(args)[option.replace("-", "_")]


def head_of(scope: AnyScope, symmetric: bool) -> dict[str, Any]:
    """What a search searches, as its folder says."""
    return {"level": scope.level, "scope": {f.name: getattr(scope, f.name) for f in fields(scope)}, "symmetry": symmetric}


def scope_in(head: dict[str, Any], args: argparse.Namespace, where: object) -> tuple[AnyScope, bool]:
    """The scope of the search in the folder `where`, and whether it uses symmetry: the options must say the same, or nothing. Raises
    CannotKeep."""

    def refuse(what: str, theirs: object, mine: object) -> CannotKeep:
        return CannotKeep(f"the search in {where} has {what} {theirs}, not {mine}; leave the option out, or begin another with --dir")

    try:
        known: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in head["scope"].items()}
        theirs, symmetric = replace(LEVELS[head["level"]], **known), bool(head["symmetry"])
    except DAMAGED as error:
        raise CannotKeep(f"{where} does not say what it searches ({type(error).__name__}: {error}); begin anew with --dir") from None
    if args.level not in (None, theirs.level):
        raise refuse("level", theirs.level, args.level)
    asked = scope_of(args, theirs)
    for field in fields(theirs):
        there, here = getattr(theirs, field.name), getattr(asked, field.name)
        if there != here:
            raise refuse(field.name, _said(there), _said(here))
    if args.no_symmetry and symmetric:
        raise refuse("symmetry", "on", "off")
    return theirs, symmetric


def _said(value: object) -> object:
    return ",".join(value) or "none" if isinstance(value, tuple) else value
