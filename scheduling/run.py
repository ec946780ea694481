"""One run: pick a candidate, let it happen, look, until nothing can move. The inner loop that every user pays for."""

from collections.abc import Callable
from enum import Enum

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order, reach, timer_may_fire

Choose = Callable[[int], int]
SPIN = 1_000  # steps in which no time passes, after which the next timer is due: each takes some, however little
STARVATION_BOUND = 200  # steps that may pass over a ready one, in the order `any`: no loop passes one over for ever


class Ending(Enum):
    """Why a run ended."""

    QUIESCENT = "nothing can move without a new outside event"
    STOPPED = "the observer had seen enough"
    LIMIT = "it did not come to rest within the bound on steps"


def run(  # noqa: PLR0912, PLR0915  # the one hot loop, unrolled on purpose
    loop: ControlledLoop,
    order: Order,
    choose: Choose,
    stepped: Callable[[], object] | None,
    *,
    limit: int = 10_000,
    every_choice: bool = False,
    done: Callable[[], object] = lambda: True,
    before: list[int] | None = None,
) -> tuple[Ending, list[int], int]:
    """Run `loop` until it is quiescent. The loop must be the running one (`loop.entered()`).

    `choose(n)` picks one of n candidates (see `scheduling.order`); it is asked only if there are at least two, or always with
    `every_choice`. `stepped()`, if there is one, is called after every step (where the loop is not `attentive`, only once `done()`); a true
    answer stops the run. Returns why the run ended, the choices made among at least two candidates, and the number of steps. `before`: the
    choices of the run so far, which these join.
    """
    ready, events, faults, timers = loop.ready, loop.events, loop.faults, loop.timers
    any_order = order is Order.ANY
    paced = loop.pace is not None
    early = loop.early_timers
    arrivals = loop.arrivals
    batches = (early or arrivals is not None) and not any_order
    least = getattr(choose, "least", 0 if every_choice else 1)  # it is asked where there are more candidates
    undisturbed: Choose = getattr(choose, "undisturbed", choose)  # asked if nothing optional can happen; else this, and told how much can:
    disturbed: Callable[[int, int], int] | None = getattr(choose, "disturbed", None)
    choices: list[int] = [] if before is None else before
    loop.choices = choices
    steps = passed = 0  # how often in a row the oldest ready step was passed over
    while True:
        optional = 0
        if ready:
            width = n = (reach(loop) if paced else len(ready)) if any_order else 1
            if events or faults or timers:  # most choices are among ready steps alone
                optional = len(faults)
                if early and timers and timer_may_fire(loop, order):
                    optional += 1
                n += len(events) + optional
        elif timers and (timer_may_fire(loop, order) if loop.prompt or loop.promised else loop.has_timers()):
            width = 0
            optional = len(faults)
            n = len(events) + 1 + optional
            if loop.resting is not None and loop.resting():
                if not events:
                    return Ending.QUIESCENT, choices, steps
                loop.tired = True
                n -= 1
            elif arrivals and timer_may_fire(loop, order):
                optional += 1
        elif events:
            width = 0
            optional = len(faults)
            n = len(events) + optional
        else:
            return Ending.QUIESCENT, choices, steps
        if passed >= STARVATION_BOUND and width:
            if not least:
                choose(1)  # a chooser that counts must know
            n, pick = 1, 0
        elif n > least:
            pick = disturbed(n, optional) if optional and disturbed is not None else undisturbed(n)
        else:
            pick = 0
        if n > 1:
            choices.append(pick)
        if pick < width:
            passed = passed + 1 if pick else 0
            if batches and loop.batch_end is None:
                loop.batch_end = ready[-1]
                if arrivals:
                    loop.hide_arrivals()
            handle = loop.current = ready.pop(pick)
            args = handle._args
            try:
                if not args:
                    handle._context.run(handle._callback)
                elif len(args) == 1:
                    handle._context.run(handle._callback, args[0])
                else:
                    handle._context.run(handle._callback, *args)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                loop.call_exception_handler({"message": "exception in a callback", "exception": error})
            if batches and loop.batch_end is handle:
                loop.batch_end = None
                if arrivals:
                    loop.show_arrivals()
            elif arrivals and any_order:
                if loop.left and loop.oldest is arrivals[0]:
                    loop.left -= 1
                else:
                    loop.show_arrivals()
            steps += 1
            if stepped is not None and (loop.attentive or done()) and stepped():
                return Ending.STOPPED, choices, steps
            if steps >= limit:
                return Ending.LIMIT, choices, steps
            continue
        pick -= width
        if loop.tired:
            loop.tired = False
            (events if pick < len(events) else faults).pop(pick if pick < len(events) else pick - len(events)).deliver()
            continue
        if pick < len(events):
            events.pop(pick).deliver()
            continue
        pick -= len(events)
        if timers and timer_may_fire(loop, order):
            if pick == 0:
                loop.advance()
                continue
            pick -= 1
        faults.pop(pick).deliver()


def run_on(
    loop: ControlledLoop,
    order: Order,
    choose: Choose,
    stepped: Callable[[], object] | None,
    *,
    limit: int,
    every_choice: bool = False,
    done: Callable[[], object] = lambda: True,
) -> tuple[Ending, list[int], int]:
    """As `run`, but time goes on where steps spin: `while not ready: await asyncio.sleep(0)` may wait for a timer."""
    choices: list[int] = []
    steps = 0
    while True:
        now, most = loop._now, min(SPIN, limit - steps)
        ending, _, more = run(loop, order, choose, stepped, limit=most, every_choice=every_choice, done=done, before=choices)
        steps += more
        if ending is not Ending.LIMIT or steps >= limit:
            return ending, choices, steps
        if loop._now == now and loop.ready and loop.has_timers():
            loop.advance()
