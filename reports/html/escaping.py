"""Makes any text safe in a page: as HTML, and as JSON in a script element that no text can end."""

import html
import json
import re
from typing import Any

# surrogates cannot be encoded, a browser drops or replaces control characters, and marks of writing direction make code read as other code:
# each is shown by its number instead
UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}  # neither `</script>` nor `<!--` can appear


def shown(text: object) -> str:
    """`text` with characters that no page can show written as `\\x00`."""
    return UNSHOWABLE.sub(lambda match: ascii(match[0])[1:-1], str(text))


def escaped(text: object) -> str:
    """`text` for the content of an element, or for an attribute's value in double quotes."""
    return html.escape(shown(text), quote=True)


def user_text(text: object) -> str:
    """`text` that the user's code made, kept apart from the text around it: its writing direction must not turn that around."""
    return f"<bdi>{escaped(text)}</bdi>"


def island(data: Any) -> str:
    """`data` as JSON for `<script type="application/json">`, in plain ASCII."""
    said = json.dumps(_showable(data), ensure_ascii=True, separators=(",", ":"))
    return "".join(IN_SCRIPT.get(character, character) for character in said)


def _showable(data: Any) -> Any:
    if isinstance(data, str):
        return shown(data)
    if isinstance(data, dict):
        return {shown(key): _showable(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_showable(each) for each in data]
    return data
