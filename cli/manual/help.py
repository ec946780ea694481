"""`subwarden help [PAGE]`: print a page of the manual, as this version of the package has it."""

import argparse
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import subwarden
from subwarden.cli.options import EXIT_CODES, CannotWrite
from subwarden.reports.layout.console import console_for
from subwarden.reports.layout.wrapping import columns, wrapped
from subwarden.reports.printable import printable

DOCS = Path(subwarden.__file__).with_name("docs")


def pages() -> dict[str, Path]:
    """The pages by name."""
    return {path.stem: path for path in sorted(DOCS.rglob("*.md"), key=lambda path: path.stem)}


def title(page: Path) -> str:
    """The first heading of `page`."""
    return page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")


def reflowed(text: str, width: int) -> str:
    """`text`, a page of Markdown, with its paragraphs and the points of its lists broken anew; code and tables stay as they are."""
    lines: list[str] = []
    part, code = "", False
    for line in [*text.splitlines(), ""]:
        fence = line.startswith("```")
        if part and (fence or not line or line.startswith(("- ", "|", "#"))):
            lines += wrapped(part, width)
            part = ""
        code ^= fence
        if code or fence or not line or line.startswith(("|", "#")):
            lines.append(line)
        else:
            part = f"{part} {line.strip()}" if part else line
    return "\n".join(lines[:-1]) + "\n"


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("help", help="print a page of the manual", description=__doc__, epilog=EXIT_CODES)
    parser.add_argument("page", nargs="?", metavar="PAGE", help="its name, such as bring-your-own (default: list them)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the page, or the list of pages. Raises CannotWrite where there is no such page."""
    known = pages()
    if options.page is None:
        console, width = console_for(sys.stdout), max(len(name) for name in known)
        if console.is_terminal:
            console.print(columns((name, title(path)) for name, path in known.items()))
        else:  # a line a page, to be searched
            sys.stdout.write("".join(f"{name:{width}}  {title(path)}\n" for name, path in known.items()))
        return 0
    name = options.page.lower().removesuffix(".md").rpartition("/")[2]
    if name not in known:
        near = get_close_matches(name, known, 1)
        meant = f"; do you mean {near[0]}?" if near else ""
        raise CannotWrite(f"there is no page {printable(repr(options.page), 60)}{meant}; `subwarden help` lists them")
    text, console = known[name].read_text(encoding="utf-8"), console_for(sys.stdout)
    sys.stdout.write(reflowed(text, console.width) if console.is_terminal else text)
    return 0
