"""Writes a failing run of a scenario in `fifo` as a script of plain asyncio: stock asyncio makes the same run by itself."""

TEMPLATE = '''\
"""{title}

Plain asyncio on the stock event loop, without the harness. Exit code 1 and one line if it fails, 0 if it passes.
"""

import asyncio
import gc
import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
{values}
FILE = {file!r}
sys.path.insert(0, {folder!r})
spec = spec_from_file_location({module!r}, FILE)
module = sys.modules[spec.name] = module_from_spec(spec)
spec.loader.exec_module(module)
scenario = module.{function}
scenario = getattr(scenario, "subwarden_scenario", scenario)
unhandled = []


def said(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return " ".join(f"{{type(error).__name__}}: {{error}}".split())


async def main():
    """Returns what is wrong, or None."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unhandled.append(context.get("exception")))
    task = loop.create_task(scenario())
    await asyncio.wait({{task}}, timeout={patience})
    if not task.done():
        print("waits for ever", file=sys.stderr, flush=True)
        os._exit(1)  # asyncio.run would cancel the task and wait for it
    if not task.cancelled() and task.exception() is not None:
        return said(task.exception())
    await asyncio.sleep(0.1)
    left = asyncio.all_tasks() - {{asyncio.current_task()}}
    if left:
        return "left behind: " + ", ".join(sorted(each.get_coro().__name__ for each in left))
    del task
    gc.collect()  # asyncio tells of an exception that nobody retrieves when its task is collected
    return said(unhandled[0]) if unhandled else None


failure = asyncio.run(main())
if failure:
    sys.exit(failure)
'''
VALUES = """
import subwarden

picks = iter({picks})
subwarden.choose = lambda values: list(values)[next(picks, 0)]
"""


def write_script(*, title: str, file: str, folder: str, module: str, function: str, picks: list[int], patience: float) -> str:
    """The text. `file`: the scenario's, in `folder`; `picks`: the places of the values that `choose` gives; `patience`: seconds."""
    return TEMPLATE.format(
        title=title.replace("\\", "/").replace('"', "'"),
        file=file,
        folder=folder,
        module=module,
        function=function,
        patience=patience,
        values=VALUES.format(picks=picks) if any(picks) else "",
    )
