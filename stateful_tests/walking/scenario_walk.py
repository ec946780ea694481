"""The walk of a scenario: no model stands beside it, so each step shows the tasks, what they wait for, queues, connections, conditions."""

from collections.abc import Sequence
from shlex import quote

from subwarden.reports.html.walk_record import CandidateRecord, SavedWalkRecord, WalkHeadRecord, WalkRecord
from subwarden.reports.scenario.steps import scenario_steps
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.run import Choose
from subwarden.scheduling.schedule import fixed
from subwarden.stateful_tests.explore.code import Coded, changed_since, check_of, coded_run, encode
from subwarden.stateful_tests.explore.searching.minimal import record
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.subjects.scenario.narrate import Narration
from subwarden.stateful_tests.subjects.scenario.picture import Picture
from subwarden.stateful_tests.subjects.scenario.play import VALUE, Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import Scenario
from subwarden.stateful_tests.walking.candidates import candidates_of
from subwarden.stateful_tests.walking.walk import Leader, Onward, Paused, led, recorded_next


class ScenarioWalk:
    """See `walk.Walk`. `coded`: the run that the walk begins with, if there is one; else `rules` say what may happen."""

    def __init__(self, scenario: Scenario, rules: Rules, coded: Coded | None = None) -> None:
        self._scenario = scenario
        self._rules = rules if coded is None else coded.rules
        recorded: list[str] = []
        about: list[str] = []
        if coded is not None:
            with running():
                run = record(self._runner(), lambda _: fixed(coded.choices))
            recorded = run.names
            if check_of(recorded) != coded.check:
                about.append(f"The scenario takes other steps than when the replay was made: {changed_since(coded)}.")
        self.head: WalkHeadRecord = {
            "title": scenario.name,
            "about": [f"A scenario, order {self._rules.order.value}.", *about],
            "tasks": [],
            "recorded": recorded,
        }

    def at(self, schedule: Sequence[str], onward: Onward = "no") -> WalkRecord:
        """See `walk.Walk`."""
        return self._led(schedule, onward)[0]

    def save(self, schedule: Sequence[str]) -> SavedWalkRecord:
        """See `walk.Walk`. A scenario's replay is a short string: there is no file."""
        walked, choices = self._led(schedule, "end")
        replay = encode(coded_run(self._rules, choices, walked["schedule"]))
        said = walked["broken"][0] if walked["broken"] else "The run holds."
        return {
            "command": f"subwarden explore {quote(self._scenario.name)} --replay {replay}",
            "replay": replay,
            "said": said,
            "file": None,
        }

    def close(self) -> None:
        """It holds nothing."""

    def _runner(self) -> ScenarioRunner:
        return ScenarioRunner(self._scenario, self._rules)

    def _led(self, schedule: Sequence[str], onward: Onward) -> tuple[WalkRecord, list[int]]:
        picture = Picture()
        told = Narration(impatient=True, picture=picture)
        candidates: list[CandidateRecord] = []
        leaders: list[Leader] = []
        row_of: list[int] = []
        choices: list[int] = []

        def leading(loop_candidates: LoopCandidates) -> Choose:
            due = [""]

            def chosen(name: str) -> None:
                row_of.append(told.told())
                told.chosen(name, due[0], name != due[0])

            def pause(available: list[str]) -> None:
                told.paused()
                recorded = recorded_next(self.head["recorded"], leaders[0].names)
                candidates.extend(_candidates(loop_candidates, available, recorded, picture, told))
                raise Paused

            leader = Leader(loop_candidates, schedule, chosen, pause, onward)
            leaders.append(leader)

            def choose(n: int) -> int:
                due[0] = loop_candidates.names()[0]
                return leader(n)

            return choose

        with led(), told.listening():
            try:
                choices = self._runner().run(leading, every_choice=True, listener=told).choices
            except Paused:
                pass
            else:
                leaders[0].finish()
        steps = scenario_steps(told.rows)
        if told.title and steps:
            steps[-1]["broken"] = [told.title]
        walked: WalkRecord = {
            "schedule": leaders[0].names,
            "row_of": row_of,
            "steps": steps,
            "trace": picture.trace(),
            "candidates": candidates,
            "broken": [told.title, *told.evidence] if told.title else [],
            "ended": not candidates,
            "printed": told.printed,
        }
        return walked, choices


def _candidates(
    candidates: LoopCandidates, available: Sequence[str], recorded: str | None, picture: Picture, told: Narration
) -> list[CandidateRecord]:
    if available and available[0].startswith(VALUE):
        return [
            {
                "name": name,
                "kind": "value",
                "who": "choose",
                "said": f"gives {name.removeprefix(VALUE)}",
                "at": "",
                "recorded": name == recorded,
            }
            for name in available
        ]
    return candidates_of(candidates, available, recorded, picture.places, names=told.names.task)
