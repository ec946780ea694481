"""Whether a value of the model equals one of the manager."""

from subwarden.checking.custom.model import BadModel
from subwarden.checking.custom.text import text_of


def same(wanted: object, given: object) -> bool:
    """Whether the two are equal. Raises BadModel where they cannot be compared."""
    try:
        return bool(wanted == given)
    except Exception as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        said = f"comparing the model's {text_of(wanted):.80} with the manager's {text_of(given):.80} raised {what}"
        raise BadModel(f"{said}; give plain values") from error
