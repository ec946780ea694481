"""`@subwarden.test` with async fixtures, as somebody else's project uses it: each run makes them on its own loop."""

import pytest

pytest_plugins = ["pytester"]

ONE = ("-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:asyncio")
ON_ANOTHER_LOOP = """
import asyncio, functools, inspect
import pytest

LOOP = asyncio.new_event_loop()

def on_another_loop(function):
    @functools.wraps(function)
    def make(*arguments, **keywords):
        made = function(*arguments, **keywords)
        return LOOP.run_until_complete(anext(made) if inspect.isasyncgen(made) else made)
    return make

@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef, request):
    function = fixturedef.func
    if not (inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)):
        return (yield)
    fixturedef.func = on_another_loop(function)
    try:
        return (yield)
    finally:
        fixturedef.func = function

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if inspect.iscoroutinefunction(pyfuncitem.obj):
        names = inspect.signature(pyfuncitem.obj).parameters
        LOOP.run_until_complete(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
        return True
"""  # a plugin for async tests and fixtures
ANOTHER_LOOP = (
    ON_ANOTHER_LOOP
    + """
@pytest.fixture
def given():
    return ["given"]

@pytest.fixture
async def base(given):
    await asyncio.sleep(1)
    given.append("base")
    yield given
    assert given == ["given", "base", "over", "client", "test"]

@pytest.fixture(scope="session")
async def shared():
    yield asyncio.get_running_loop(), asyncio.Lock()
"""
)
KINDS = """
import asyncio
import pytest
import subwarden
from hypothesis import HealthCheck, given as drawn, settings, strategies as st

FEW = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

class Hub:
    def __init__(self):
        self.inbox = asyncio.Queue()
        self.got = []
        self.task = asyncio.create_task(self.pump())
    async def pump(self):
        while True:
            self.got.append(await self.inbox.get())
            self.inbox.task_done()

@pytest.fixture
async def hub():
    made = Hub()
    yield made
    made.task.cancel()
    await asyncio.wait([made.task])

@subwarden.test
async def test_a_task_of_a_fixture_runs(hub):
    await hub.inbox.put(1)
    await hub.inbox.join()
    assert hub.got == [1]

async def test_an_ordinary_test_shares_a_fixture(shared):
    assert shared[0] is asyncio.get_running_loop()

@subwarden.test
async def test_of_a_wide_scope(shared):
    assert shared[0] is asyncio.get_running_loop()
    async with shared[1]:
        await asyncio.sleep(0)

async def test_it_shares_it_still(shared):
    assert shared[0] is asyncio.get_running_loop()

@pytest.fixture
async def base(base):
    base.append("over")
    yield base

@pytest.fixture
def client(base, request):
    base.append("client")
    request.addfinalizer(asyncio.get_running_loop)
    yield request.node.name, base
    assert base[-1] == "test" and asyncio.get_running_loop()

@subwarden.test
async def test_of_fixtures_that_depend_on_others(client, given):
    await asyncio.sleep(0)
    assert client == ("test_of_fixtures_that_depend_on_others", given)
    given.append("test")

@pytest.fixture(params=["a", "b"])
async def letter(request):
    await asyncio.sleep(0)
    return request.param

@subwarden.test
async def test_with_parameters(letter, request):
    assert request.node.name == f"test_with_parameters[{letter}]"

@drawn(number=st.integers(0, 5))
@FEW
@subwarden.test(schedules=5)
async def test_given_above(letter, number):
    assert letter in "ab"

@subwarden.test(schedules=5)
@drawn(number=st.integers(0, 5))
@FEW
async def test_given_below(letter, number):
    assert letter in "ab"

class TestMethods:
    @pytest.fixture(autouse=True)
    async def made(self):
        self.loop = asyncio.get_running_loop()
        yield
        del self.loop

    @subwarden.test
    async def test_of_a_class(self):
        assert self.loop is asyncio.get_running_loop()

@pytest.fixture
async def absent():
    await asyncio.sleep(0)
    pytest.skip("not here")
    yield

@subwarden.test
async def test_skipped(absent):
    raise AssertionError

@pytest.fixture
async def frail():
    done = []
    yield done
    await asyncio.sleep(1)
    assert done == ["ended"]

@subwarden.test(cancel=True)
async def test_cancelled(frail):
    try:
        await asyncio.sleep(1)
    finally:
        frail.append("ended")
"""


def test_runs_make_async_fixtures_and_those_that_depend_on_them(pytester: pytest.Pytester) -> None:
    """Also where a plugin makes them for other tests, on a loop of its own; nothing is left over to warn of."""
    pytester.makeconftest(ANOTHER_LOOP)
    pytester.makepyfile(test_one=KINDS)
    pytester.runpytest_subprocess(*ONE, "-W", "error").assert_outcomes(passed=13, skipped=1)


def test_fixtures_of_anyio_run_on_asyncio(pytester: pytest.Pytester) -> None:
    """Its other backend is not explored; the test says so."""
    pytest.importorskip("anyio")
    pytester.makepyfile(
        test_one="""
        import anyio, pytest, subwarden

        @pytest.fixture(params=["asyncio", "trio"])
        def anyio_backend(request):
            return request.param

        @pytest.fixture
        async def made(anyio_backend):
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.sleep, 1)
                yield 5
                group.cancel_scope.cancel()

        @pytest.mark.anyio
        @subwarden.test
        async def test_one(made):
            assert made == 5
        """
    )
    result = pytester.runpytest_subprocess(*ONE, "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*subwarden explores asyncio, not trio"])
