"""Whether a value of the model equals one of the manager."""

from subwarden.checking.custom.model import BadModel
from subwarden.checking.custom.text import text_of
from subwarden.checking.place import in_a_line


def same(wanted: object, given: object) -> bool:
    """Whether the two are equal. Raises BadModel where they cannot be compared."""
    try:
        return bool(wanted == given)
    except Exception as error:
        what = in_a_line(error)
        said = f"comparing the model's {text_of(wanted):.80} with the manager's {text_of(given):.80} raised {what}"
        raise BadModel(f"{said}; give plain values") from error
