"""Text of others, made fit to be printed: no control character of theirs reaches a terminal, and no lone surrogate breaks the output."""

import re

LONGEST = 1_000  # characters of one text that are shown
UNFIT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str, longest: int = LONGEST) -> str:
    """One text, escaped as in a literal of Python, and cut. Ends of lines stay."""
    whole = len(text)
    escaped = escape(text[: longest + 1])
    if whole <= longest and len(escaped) <= longest:
        return escaped
    return f"{escaped[:longest]}... ({whole:,} characters)"


def escape(text: str) -> str:
    """`text` with each unfit character as an escape sequence: control characters, marks of writing direction, lone surrogates."""
    return UNFIT.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text) if UNFIT.search(text) else text


def on_one_line(text: str) -> str:
    """`text` as `printable`, its ends of lines escaped, too: a message is one line, whatever is named in it."""
    return printable(text).replace("\n", "\\n")
