"""A run and its log get the same verdict: the gate's judge of the run, and `subwarden check` of the history that the run would leave.

Runs in which the environment fails a call are left out: a log does not say so.
"""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from subwarden.checking.core import causes as core_causes
from subwarden.checking.linearizability.core import CoreSpecification
from subwarden.checking.linearizability.verdict import judge_deliveries_of, judge_file, survey_file
from subwarden.checking.verdict import Verdict
from subwarden.model.core.step import Connect, CoreOperation, Disconnect, Publish, Subscribe, Teardown, Unsubscribe, core_encode
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.specimens.core_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.core_defects.reference import Adapter
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.subjects.core_level import factory_of

MAKES: dict[str, Any] = {"sound": Adapter} | {defect.name: defect.factory for defect in DEFECTS}
JUDGED = (core_causes.STRAY, core_causes.LOST, core_causes.TWICE, core_causes.DISORDER)
OPERATIONS: list[CoreOperation] = [
    Connect("c1"),
    Subscribe("c1", "t1"),
    Subscribe("c1", "t1"),
    Subscribe("c2", "t1"),
    Unsubscribe("c1", "t1"),
    Publish("t1"),
    Publish("t1"),
    Disconnect("c1"),
    Teardown("t1"),
]


class Unfailing:
    """The environment, whose calls do not fail."""

    def __init__(self, env: Any) -> None:
        self._env = env
        self.closed = env.closed

    async def park(self, name: str, **_: object) -> None:
        await self._env.park(name)


class Log(Observer):
    """Writes the history of a run, as a server would."""

    def __init__(self) -> None:
        self.lines: list[dict[str, object]] = [{"history": 1, "model": "core"}]
        self.failed = False
        self._open: dict[int, int] = {}
        self._number = 0

    def begun(self, play: Any) -> None:
        self._play = play

    def called(self, task: int, operation: CoreOperation) -> None:
        self._number += 1
        self._open[task] = self._number
        name, *arguments = core_encode(operation)
        self._write({"call": self._number, "op": [name, *arguments], "task": f"T{task}"})

    def returned(self, task: int, operation: CoreOperation, answer: object, last: bool = True) -> None:
        judged = {"answer": answer} if isinstance(answer, bool) and isinstance(operation, Subscribe | Unsubscribe) else {}
        self._write({"return": self._open.pop(task), **judged})

    def finished(self) -> None:
        received = self._play.received() or {}
        for client, messages in sorted(received.items()):
            for message in messages:
                self._write({"deliver": client, "message": message})

    def _write(self, line: dict[str, object]) -> None:
        self.lines.append({**line, "at": len(self.lines)})


def random_program(random: Random) -> CoreProgram:
    first: tuple[CoreOperation, ...] = (Connect("c1"), Connect("c2"), Subscribe("c1", "t1"))
    return CoreProgram(
        tuple((*first, *random.choices(OPERATIONS, k=2)) if not at else (*random.choices(OPERATIONS, k=2),) for at in range(3))
    )


@pytest.mark.parametrize("name", ["sound", "StaleCache", "SendsAgain", "Overtaken", "AlwaysYes"])
def test_a_run_and_its_log_get_the_same_verdict(name: str, tmp_path: Path) -> None:
    random, wrong, judged = Random(3), 0, 0
    runner = Runner(CORE_LEVEL, factory_of(lambda env: MAKES[name](Unfailing(env))), Order.FIFO)
    path = tmp_path / "log.jsonl"
    with running():
        for _ in range(40):
            log, program = Log(), random_program(random)
            result = runner.run(program, lambda _: random.randrange, observers=[log])
            path.write_text("".join(json.dumps(line) + "\n" for line in log.lines), encoding="utf-8")
            specification = CoreSpecification()
            survey = survey_file(path, specification)
            assert not survey.faults
            found = judge_deliveries_of(path, specification, survey, final=True)
            expected = {(cause.property.name, cause.mechanism) for cause in result.violations if cause in JUDGED}
            assert {(each.property, each.what) for each in found} == expected, program
            answers = {cause for cause in result.violations if cause.mechanism.endswith("answers what the model does not")}
            assert (judge_file(path, specification, survey).verdict is Verdict.VIOLATED) == bool(answers), program
            judged += 1
            wrong += bool(expected or answers)
    assert judged
    assert bool(wrong) is (name != "sound")
