"""The walk of a program of a level: the rows and the trace that a report has, and the model's state beside the subject's, at each step."""

import json
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.files.whole_file import write_whole
from subwarden.reports.html.walk_record import CandidateRecord, SavedWalkRecord, WalkHeadRecord, WalkRecord
from subwarden.reports.records.replay import HELD, why_recorded
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.string_hash import current
from subwarden.stateful_tests.exploring.findings.narrate import Narration
from subwarden.stateful_tests.exploring.findings.recording import Recording
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.level import Factory, Program
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.exploring.runner import Runner
from subwarden.stateful_tests.runs.files import digest_of
from subwarden.stateful_tests.runs.found.kept import FOLDER, short
from subwarden.stateful_tests.runs.record import task_rows
from subwarden.stateful_tests.runs.replay import Replay
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import blaming
from subwarden.stateful_tests.walking.candidates import candidates_of
from subwarden.stateful_tests.walking.walk import CannotSave, Leader, Onward, Paused, led, recorded_next

KEPT = FOLDER / "view"


class LevelWalk:
    """See `walk.Walk`. `replay`: the run that the walk begins with; one without names has not been recorded."""

    def __init__(self, replay: Replay, factory: Factory) -> None:
        self.replay = replay
        self._level = LEVELS[replay.level]
        self._runner = Runner(self._level, factory, replay.order)
        recorded = [f"The run: {why_recorded(replay.cause)}."] if replay.names else []
        self.head: WalkHeadRecord = {
            "title": replay.subject,
            "about": [f"Level {replay.level}, order {replay.order.value}.", *recorded],
            "tasks": [_said(row) for row in task_rows(self._level, replay.program)],
            "recorded": list(replay.names),
        }

    def at(self, schedule: Sequence[str], onward: Onward = "no") -> WalkRecord:
        """See `walk.Walk`."""
        return self._led(schedule, onward)[0]

    def save(self, schedule: Sequence[str]) -> SavedWalkRecord:
        """See `walk.Walk`. The file lies below `.subwarden/view` in the current folder."""
        walked, causes = self._led(schedule, "end")
        cause = causes[0].slug() if causes else HELD
        names = tuple(walked["schedule"])
        replay = Replay(
            self.replay.subject,
            self.replay.order,
            self.replay.program,
            names,
            cause,
            self.replay.level,
            current(),
            digest_of(self.replay.subject),
        )
        path = KEPT / f"{short(replay)}.json"
        try:
            KEPT.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(replay.encode(), indent=1, sort_keys=True) + "\n")
        except OSError as error:
            raise CannotSave(f"cannot write {path}: {error.strerror}") from None
        said = walked["broken"][0] if walked["broken"] else "The run holds."
        return {"command": f"subwarden replay {quote(str(path))}", "replay": replay.string(), "said": said, "file": str(Path(path))}

    def close(self) -> None:
        """It holds nothing."""

    def _led(self, schedule: Sequence[str], onward: Onward) -> tuple[WalkRecord, list[Cause]]:
        narration, recording, calls = Narration(), Recording(), _Calls(self.replay.program, self._level)
        candidates: list[CandidateRecord] = []
        leaders: list[Leader] = []

        def chosen(name: str) -> None:
            narration.chosen(name)
            recording.chosen(name)

        def leading(loop_candidates: LoopCandidates) -> Choose:
            def pause(available: list[str]) -> None:
                narration.closing()
                recording.closing()
                recorded = recorded_next(self.head["recorded"], leaders[0].names)
                candidates.extend(candidates_of(loop_candidates, available, recorded, recording.places, calls.next_of))
                raise Paused

            leaders.append(Leader(loop_candidates, schedule, chosen, pause, onward))
            return leaders[0]

        with blaming(self.replay.subject), led():
            try:
                self._runner.run(self.replay.program, leading, every_choice=True, observers=[narration, recording, calls])
            except Paused:
                pass
            else:
                leaders[0].finish()
        judge = calls.play.judge
        causes = sorted(judge.violations, key=lambda cause: (judge.violations[cause], cause.slug()))
        steps = narration.rows(*causes)
        record: WalkRecord = {
            "schedule": leaders[0].names,
            "row_of": recording.row_of,
            "steps": steps,
            "trace": recording.trace(steps),
            "candidates": candidates,
            "broken": [narration.broken(cause) for cause in causes],
            "ended": not candidates,
            "printed": narration.printed(),
        }
        return record, causes


class _Calls(Observer):
    """Counts the calls of each task, to say which it makes next."""

    def __init__(self, program: Program, level: Any) -> None:
        self._level = level
        self._left = {task_name(place): list(chain) for place, chain in enumerate(program.tasks)}

    def begun(self, play: Any) -> None:
        self.play = play

    def called(self, task: int, operation: Any) -> None:
        left = self._left[task_name(task)]
        if left:
            left.pop(0)

    def next_of(self, task: str) -> str | None:
        """The next call of `task`, in words."""
        left = self._left.get(task)
        return None if not left else f"calls {self._level.say_operation(left[0])}"


def _said(row: Any) -> tuple[str, str]:
    return row["name"], ", then ".join(row["operations"]) + (f" ({row['faults']})" if row["faults"] else "")
