"""The parts of an adapter's script that stand for the harness: the environment that an adapter's fakes park in, and ways to call and look.

They do what `stateful_tests.subjects.core` does in a checked run, in as few lines as a reader can take in.
"""

ENVIRONMENT = '''\
class Environment:
    """The world outside, simulated: a call that is parked waits until `go_on`."""

    def __init__(self):
        self.waiting, self.left = [], set()

    async def park(self, name, *, may_fail=None, **_):
        call = (name, may_fail, asyncio.get_running_loop().create_future())
        self.waiting.append(call)
        try:
            await call[2]
        finally:
            if call in self.waiting:
                self.waiting.remove(call)

    def closed(self, client):
        return client in self.left

    def dropped(self, client):
        """Told by an adapter that drops a client by design."""

    def go_on(self, name=None, nth=1, fails=False):
        """Let the nth call that waits under `name` return, or fail; without a name, the first. False if there is none."""
        calls = [call for call in self.waiting if name in (call[0], None) and (call[1] or not fails)]
        if len(calls) < nth:
            return False
        call = calls[nth - 1]
        self.waiting.remove(call)
        _, error, future = call
        if future.done():
            pass
        elif not fails:
            future.set_result(None)
        elif asyncio.CancelledError in (error, type(error)):
            future.cancel()
        else:
            future.set_exception(error)
        return True
'''
ENDS = '''\
async def ends(socket):
    """A handler waits until its socket ends; if it is cancelled, it detaches at once, as in a `finally`."""
    try:
        await environment.park(f"{socket} ends")
    except asyncio.CancelledError:
        pass
'''
CALL = '''\
async def call(method, *arguments):
    """Call a method, which may be a coroutine function or a plain one."""
    answer = method(*arguments)
    return await answer if hasattr(answer, "__await__") else answer
'''
NOTED = '''\
async def noted(task, method, *arguments):
    """Call a method of the adapter, and write down the call and its answer."""
    history.append((task, method, *arguments))
    answer = getattr(adapter, method)(*arguments)
    history.append((task, "returns", await answer if hasattr(answer, "__await__") else answer))
'''
MAPS = '''\
def maps():
    """The manager's maps, each as a set of (client, topic) pairs; none while they cannot be observed."""
    shown = adapter.observe()
    every = [] if shown is None else shown.values() if hasattr(shown, "values") else [shown]
    return [set(map(tuple, pairs)) for pairs in every]
'''
TABLES = '''\
CLIENTS = {clients}


def pairs(shown):
    """(client, topic) pairs, of a set of them or of a dict that has for each client its topics, or for each topic its clients."""
    if not hasattr(shown, "items"):
        return set(map(tuple, shown))
    return {{(key, each) if key in CLIENTS else (each, key) for key, others in shown.items() for each in others}}


def maps():
    """The manager's maps, each as a set of (client, topic) pairs; none while they cannot be observed."""
    shown = adapter.observe()
    return [] if shown is None else {every}
'''
ONE_TABLE = "[pairs(shown)]"
SEVERAL = "list(map(pairs, shown.values()))"
WORK = '''\
def work(task):
    """The name of the coroutine that a task runs."""
    return getattr(task.get_coro(), "__qualname__", "")
'''
