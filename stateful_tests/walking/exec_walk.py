"""The walk of a program on a process that lists its own steps: what it shows beside the states that the model may be in."""

from collections.abc import Sequence
from dataclasses import replace
from shlex import quote

from subwarden.reports.html.walk_record import CandidateRecord, SavedWalkRecord, WalkHeadRecord, WalkRecord
from subwarden.reports.records.replay import HELD, why_recorded
from subwarden.scheduling.run import Choose
from subwarden.stateful_tests.exec.models.named import model_of
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exec.process import PREFIX, BadProcess
from subwarden.stateful_tests.exec.record import rows_of
from subwarden.stateful_tests.exec.runner import ExecRunner
from subwarden.stateful_tests.exec.saved import SavedRun, keep
from subwarden.stateful_tests.exec.stepper import Enough, ExecCandidates
from subwarden.stateful_tests.walking.walk import CannotSave, Leader, Onward, recorded_next


class ExecWalk:
    """See `walk.Walk`. The process runs until `close`."""

    def __init__(self, saved: SavedRun) -> None:
        """Raises BadProcess, also where the process does not let its steps be chosen."""
        self._saved = saved
        subject = PREFIX + saved.command
        self._runner = ExecRunner(saved.command, saved.limit, model_of(saved.model))
        if not self._runner.hello.steps:
            self._runner.close()
            raise BadProcess(f"subject {subject} schedules itself: its steps cannot be chosen, so there is nothing to view; use replay")
        self._say = say = self._runner.model.specification.describe
        first = [("first", ", then ".join(map(say, saved.program.first)))] if saved.program.first else []
        tasks = [(task.name, ", then ".join(map(say, task.operations))) for task in saved.program.tasks]
        self.head: WalkHeadRecord = {
            "title": subject,
            "about": ["A process that lists its own steps.", f"The run: {why_recorded(saved.cause)}."],
            "tasks": [*first, *tasks],
            "recorded": list(saved.schedule or ()),
        }

    def close(self) -> None:
        """End the process."""
        self._runner.close()

    def at(self, schedule: Sequence[str], onward: Onward = "no") -> WalkRecord:
        """See `walk.Walk`. A run ends at its first violation."""
        return self._led(schedule, onward)[0]

    def save(self, schedule: Sequence[str]) -> SavedWalkRecord:
        """See `walk.Walk`. The file lies below `.subwarden/exec` in the current folder."""
        led, run = self._led(schedule, "end")
        cause = HELD if run.broken is None else run.broken.cause.slug()
        try:
            path = keep(replace(self._saved, schedule=tuple(led["schedule"]), cause=cause))
        except OSError as error:
            raise CannotSave(f"cannot write the run: {error.strerror}") from None
        said = led["broken"][0] if led["broken"] else "The run holds."
        return {"command": f"subwarden replay {quote(str(path))}", "replay": str(path), "said": said, "file": str(path)}

    def _led(self, schedule: Sequence[str], onward: Onward) -> tuple[WalkRecord, ExecRun]:
        candidates: list[CandidateRecord] = []
        leaders: list[Leader] = []
        row_of: list[int] = []

        def leading(listed: ExecCandidates) -> Choose:
            def pause(available: list[str]) -> None:
                recorded = recorded_next(self.head["recorded"], leaders[0].names)
                candidates.extend(self._candidate(listed, name, name == recorded) for name in available)
                raise Enough

            leaders.append(Leader(listed, schedule, lambda _: row_of.append(len(listed.rows)), pause, onward))
            return leaders[0]

        run = self._runner.led(self._saved.program, leading)
        if not candidates:
            leaders[0].finish()
        broken = run.broken
        steps, trace = rows_of(run, len(run.rows) if broken is None else broken.row + 1, self._runner.model)
        said: list[str] = []
        if broken is not None:
            detail = f" ({broken.detail})" if broken.detail else ""
            said = [f"{broken.cause.property.name} {broken.cause.property.title}: {broken.cause.said()}{detail}"]
            steps[-1]["broken"] = said
        walked: WalkRecord = {
            "schedule": leaders[0].names,
            "row_of": row_of,
            "steps": steps,
            "trace": trace,
            "candidates": candidates,
            "broken": said,
            "ended": not candidates,
            "printed": [],
        }
        return walked, run

    def _candidate(self, listed: ExecCandidates, name: str, recorded: bool) -> CandidateRecord:
        """A step that the process lists, or the next call of a task."""
        task = name.removeprefix("+")
        if name not in listed.ready and task in listed.left:
            said = f"calls {self._say(listed.left[task][0])}"
            return {"name": name, "kind": "outside", "who": task, "said": said, "at": "", "recorded": recorded}
        who, words = listed.task_of(name)
        return {"name": name, "kind": "step", "who": who or name, "said": words or "runs", "at": "", "recorded": recorded}
