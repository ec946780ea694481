"""The loop refuses, by name, sources that it cannot control, and remembers them: a verdict must not rest on an order left to chance."""

import asyncio
import inspect
import re
import threading
from collections.abc import Awaitable, Callable

import pytest

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.uncontrolled import INSTEAD, SOURCES, UncontrolledSource


async def _nothing() -> None:
    pass


def refused(ask: Callable[[], Awaitable[object]]) -> tuple[ControlledLoop, str]:
    """Run `ask` in a task that swallows the refusal, as a careless subject would; the loop, and the name in the refusal."""
    loop = ControlledLoop()

    async def careless() -> str:
        try:
            await ask()
        except UncontrolledSource as error:
            return error.name
        except Exception as error:
            return f"another error: {error!r}"
        return "nothing was refused"

    with loop.entered():
        task = loop.create_task(careless())
        run(loop, Order.FIFO, fixed([]), lambda: False)
    return loop, task.result()


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_is_refused_by_name_and_remembered(name: str) -> None:
    async def ask() -> None:
        getattr(asyncio.get_running_loop(), name)()

    loop, told = refused(ask)
    assert told == name
    assert loop.uncontrolled == [name]
    said = INSTEAD.get(name, f"loop.{name} ")
    with pytest.raises(UncontrolledSource, match=rf"{re.escape(said)}.*test_loop_refuses.py:\d+\)"):
        getattr(loop, name)()
    assert loop.refusal is not None
    assert said in str(loop.refusal())


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda: asyncio.to_thread(int), "run_in_executor"),
        (lambda: asyncio.open_connection("localhost", 1), "create_connection"),
        (lambda: asyncio.start_server(lambda _reader, _writer: None, "localhost", 1), "create_server"),
        (lambda: asyncio.open_unix_connection("nowhere"), "create_unix_connection"),
        (lambda: asyncio.create_subprocess_exec("nothing"), "subprocess_exec"),
        (lambda: asyncio.create_subprocess_shell("nothing"), "subprocess_shell"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_executors_sockets_and_subprocesses_are_refused_in_subjects(ask: Callable[[], Awaitable[object]], name: str) -> None:
    loop, told = refused(ask)
    assert told == name
    assert loop.uncontrolled == [name]


def test_another_thread_is_refused() -> None:
    loop = ControlledLoop()
    told: list[str] = []

    def other() -> None:
        try:
            loop.call_soon_threadsafe(told.append, "ran")
        except UncontrolledSource as error:
            told.append(error.name)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert told == ["call_soon_threadsafe from another thread"]
    assert loop.uncontrolled == told
    assert not loop.ready


def test_the_thread_of_the_loop_is_not_refused() -> None:
    loop = ControlledLoop()
    ran: list[str] = []
    loop.call_soon_threadsafe(ran.append, "ran")
    loop.run_step()
    assert ran == ["ran"]
    assert not loop.uncontrolled


def test_the_thread_that_enters_the_loop_becomes_its_thread() -> None:
    """Wherever the loop was made: `entered` says which thread runs it."""
    loop = ControlledLoop()
    ran: list[object] = []

    def work() -> None:
        with loop.entered():
            loop.call_soon_threadsafe(ran.append, "ran")
            loop.run_step()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran == ["ran"]


def test_every_method_of_the_loop_interface_is_offered_or_refused() -> None:
    """A method of a later Python that is neither offered nor refused would fail with NotImplementedError and without a name."""
    names = {name for name, _ in inspect.getmembers(asyncio.AbstractEventLoop, inspect.isfunction) if not name.startswith("__")}
    own = {name for name in vars(ControlledLoop) if callable(getattr(ControlledLoop, name))}
    assert names - own - set(SOURCES) == set()
    assert own & set(SOURCES) == set(), "what is refused must not be offered as well"


def test_running_a_loop_inside_is_refused_by_asyncio_itself() -> None:
    async def ask() -> None:
        coroutine = _nothing()
        try:
            asyncio.run(coroutine)
        finally:
            coroutine.close()

    loop, told = refused(ask)
    assert told.startswith("another error: RuntimeError")
    assert loop.uncontrolled == []
