"""Options of every verb with values that they do not take, names of files that are none, and the environment that a process may have."""

from subwarden.stateful_tests.tests.hostile.rows import NASTY, Row, Text
from subwarden.stateful_tests.tests.hostile.subjects import FILES, GOOD

GIVEN = {
    "gate": (
        "--jobs 0|--jobs -1|--jobs x|--jobs 1.5|--jobs 1e3|--seed -1|--seed x|--seed \u0661x|--seed 1e3|--budget 0|--budget -1|--budget 1d"
        "|--budget nan|--budget inf|--budget 1e9|--budget 5mm|--budget ,|--maxfail 0|--maxfail x|--profile fast|--level 9|--level|--json ."
        "|--json no/such/f|--json /dev/null/x|--html no/such/f|--html no/such/|--format xml|--subject|--nothing|extra"
        "|--jobs= |--max-memory x"
        "|--max-memory 1|--max-memory -4G|--max-memory 4T|--answer-within 0|--answer-within x|-x -y|--subject none|--subject none.py:X"
    ),
    "hunt": (
        "--rounds 0|--rounds x|--rounds -1|--budget 1 --rounds 1|--order all2|--resume nowhere|--resume .|--resume good.py"
        "|--resume /dev/null"
        "|--dir good.py|--dir good.py/x|--seed 1.0|--jobs 0|--corpus good.py|--corpus redis://|--corpus http://x|--subject none|--level x"
    ),
    "replay": ("|--script|x y|manager|--subject manager|good.py|.|/dev/null|/dev/zero|abcdef|0000|--trace|sx1-|sx1-AAAA|--script . x"),
    "explore": (
        "|x|:|x:|:x|good.py:|good.py:None|good.py:Good|none.py:x|no.such:x|--replay sx1-|good.py:Good --schedules 0|good.py:Good --seed x"
        "|good.py:Good --budget 0|good.py:Good --order lifo|good.py:Good --replay x|good.py:Good --replay sw1-x|.:x|/dev/null:x"
    ),
    "prove": (
        "--connections x|--connections 0|--connections -1|--max-states 0|--nothing|x|--level 9|--in-flight -1|--liveness-states -1"
        "|--memory x|--memory 1|--jobs 0|--dir /dev/null/x|--dir " + "x" * 300 + "|--resume nowhere|--resume nowhere --dir x"
    ),
    "tour": ("--subject good.py:Good|--subject none|x|--connections 0|--connections x|--max-states 0"),
    "check": ("|nowhere.jsonl|.|/dev/null|/dev/zero|--budget 0 good.py|--budget x good.py|--model none good.py|good.py|good.py good.py"),
    "play": (
        "|nowhere.txt|good.py|good.py --subject|nowhere.txt --subject good.py:Good|. --subject good.py:Good|good.py --subject manager"
        "|/dev/null --subject good.py:Good|/dev/zero --subject good.py:Good|p.txt --subject good.py:Good --schedules 0"
        "|p.txt --subject exec:false"
    ),
    "report": (
        "|nowhere.json|good.py|.|/dev/null|/dev/zero|--format none good.py|--history nowhere|--history .|--set-baseline"
        "|p.txt --html no/such/f"
    ),
    "new": ("|good.py|.|..|no/such/x.py|x.txt|/dev/null|x.py y.py"),
    "conform": ("|nosuchcommand|''|--answer-within 0 true|/dev/null|.|good.py"),
    "view": ("nowhere|good.py||.|good.py:Good|good.py:None|none.py:x|p.txt --port x|p.txt --port 99999|p.txt --idle 0|sx1-AAAA|sw1-AAAA"),
    "help": ("nothing|a b|../README|/etc/passwd|hunting hunting"),
    "completion": ("|ksh|bash zsh"),
    "subjects": ("x|--all"),
    "": ("frob|--frob|gat|gate hunt|-|--|--version=3"),
}


def flags() -> list[Row]:
    rows = []
    for verb, alternatives in GIVEN.items():
        for words in alternatives.split("|"):
            arguments = tuple(word for word in (verb, *words.split(" ")) if word)
            rows.append(Row(f"flags, {verb or 'no verb'}", arguments, {**FILES, "p.txt": GOOD}))
    return rows


def names() -> list[Row]:
    """Names of files and subjects that nobody would choose."""
    commands = (
        ("replay",),
        ("check",),
        ("report",),
        ("gate", "--subject"),
        ("explore",),
        ("view",),
        ("help",),
        ("hunt", "--resume"),
        ("new",),
    )
    return [Row(f"names, {command[0]}", (*command, name)) for command in commands for name in NASTY if name.strip() and name[:1] != "-"]


def surroundings() -> list[Row]:
    """The environment and the streams: what is odd there changes no answer."""
    settings = (
        {"COLUMNS": "1"},
        {"COLUMNS": "x"},
        {"COLUMNS": "-3"},
        {"COLUMNS": "100000"},
        {"TERM": "dumb", "NO_COLOR": "1"},
        {"TERM": "\x1b"},
        {"LC_ALL": "C"},
        {"LC_ALL": "nowhere"},
        {"HOME": "/nowhere"},
        {"XDG_STATE_HOME": "/dev/null"},
        {"XDG_STATE_HOME": "\udc80"},
        {"GITHUB_STEP_SUMMARY": "/nowhere/x"},
        {"TMPDIR": "/nowhere"},
        {"PYTHONHASHSEED": "x"},
        {"TZ": "Nowhere/City"},
    )
    given = (
        (0, ("play", "p.txt", "--schedules", "3", "--subject", "good.py:Good")),
        (0, ("subjects",)),
        (3, ("replay", "nowhere")),
    )
    files: dict[str, Text] = {**FILES, "p.txt": GOOD}
    return [Row("surroundings", command, files, code, environment=setting) for setting in settings for code, command in given]


def rows() -> list[Row]:
    return [*flags(), *names(), *surroundings()]
