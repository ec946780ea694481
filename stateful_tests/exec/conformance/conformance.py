"""The protocol's conformance test: the requirements of docs/exec-protocol.md, check by check, with a mend for each failure.

Each check runs on the process of the check before, or on one of its own after a failure. The checks: `conformance.checks`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from subwarden.stateful_tests.exec.conformance.checks import CHECKS, LAST, ConformanceCheck, Fails, Skipped
from subwarden.stateful_tests.exec.messages import PROTOCOL
from subwarden.stateful_tests.exec.models.core import CORE
from subwarden.stateful_tests.exec.models.exec_model import ExecModel
from subwarden.stateful_tests.exec.process import PREFIX, BadProcess, CannotStart, Ended, Silent
from subwarden.stateful_tests.exec.session import CONFORM, Session

PASS, FAIL, SKIP = "pass", "fail", "skip"


@dataclass(frozen=True, slots=True)
class Line:
    """The result of one check. `said`: the observation, or the reason for skipping; `mend`: the advice. Both may be empty."""

    name: str
    verdict: str
    said: str = ""
    mend: str = ""


def conform(command: str, limit: float, model: ExecModel = CORE) -> Iterator[Line]:
    """Check after check, in processes of their own where one before has failed. Raises BadProcess where there is no such command.

    `model`: what the process is judged by; checks that call operations of the core model are skipped for another.
    """
    session: Session | None = None
    try:
        for number, check in enumerate(CHECKS):
            if session is None:
                try:
                    session = Session(command, limit, model)
                except CannotStart:
                    raise
                except BadProcess as error:
                    yield Line("hello", FAIL, _without_subject(error, command), "answer hello first: `subwarden help exec-protocol`")
                    yield Line(f"{len(CHECKS) - number} other checks", SKIP, "there was no hello")
                    return
                if not number:
                    yield Line("hello", PASS, f"{session.hello.name}, protocol {PROTOCOL}")
            line = _line(check, session)
            yield line
            if line.verdict == FAIL or check in LAST:
                session.close()
                session = None
    finally:
        if session is not None:
            session.close()


def _line(check: ConformanceCheck, session: Session) -> Line:
    try:
        if check.core and session.model.named:
            raise Skipped("it calls operations of the core model")
        check.run(session)
    except Skipped as why:
        return Line(check.name, SKIP, str(why))
    except Fails as what:
        return Line(check.name, FAIL, str(what), check.mend)
    except Silent:
        return Line(check.name, FAIL, f"no answer within {session.limit:g} s", check.mend)
    except Ended as how:
        return Line(check.name, FAIL, str(how), check.mend)
    except BadProcess as error:
        return Line(check.name, FAIL, _without_subject(error, session.command), check.mend)
    return Line(check.name, PASS)


def _without_subject(error: BadProcess, command: str) -> str:
    return str(error).removeprefix(f"subject {PREFIX}{command}: ").removesuffix(f"; {CONFORM}")
