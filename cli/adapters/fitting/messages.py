"""Finds what a class does with the messages that it publishes: what they must be, whether each subscriber gets them, and how to know them.

A hub may hand a message on as it is. Or it wraps it, or tells of other things, too: then its text is looked for in all that is sent.
"""

from subwarden.cli.adapters.fitting.parameters import Parameter
from subwarden.cli.adapters.fitting.reading import ReadClass
from subwarden.cli.adapters.fitting.roles import Part, Taken

AS_DICT = ("dict", "to_dict", "as_dict", "model_dump", "asdict")
PUBLISHED = '''
def published(sent):
    """The messages that were published, in what was sent."""
    text = sent.decode(errors="replace") if isinstance(sent, bytes) else str(sent)
    return dict.fromkeys(re.findall(r"\\bm[A-Z]+\\d*\\b", text))

'''
RECEIVE = """
    def receive(self, client, message):
        for each in published(message):
            super().receive(client, each)
"""
MESSAGE = '''
class Message:
    """A message, faked: all that {name} reads of it is its text."""

    def __init__(self, text):
        self.text = text
{reads}
    def __str__(self):
        return self.text

    __repr__ = __str__
{calls}
'''
CALLED = """
    def {call}(self, *arguments, **options):
        return {answer}
"""


def message_of(publish: Taken | None) -> Parameter | None:
    """The parameter that is the message."""
    if publish is None:
        return None
    given = zip(publish.method.parameters, publish.parts, strict=True)
    return next((each for each, part in given if part is Part.MESSAGE), None)


def message_for(parameter: Parameter) -> str:
    """The message, in the shape that the method takes it."""
    if parameter.is_dict:
        apart = not parameter.keys or "__setitem__" in parameter.calls  # a key that is set would lose it
        keys = dict.fromkeys([*parameter.keys, *["text"] * apart])
        return "{" + ", ".join(f'"{each}": message' for each in keys) + "}"
    if parameter.kind == "bytes":
        return "message.encode()"
    return "Message(message)" if _parts_of(parameter) else "message"


def fake_message(read: ReadClass, publish: Taken | None) -> str:
    """The class of a fake message, if the class reads parts of one."""
    message = message_of(publish)
    if message is None or message_for(message) != "Message(message)":
        return ""
    reads = "".join(f"        self.{each} = text\n" for each in message.reads if each != "text" and not hasattr(str, each))
    answers = {each: '{"text": self.text}' if each in AS_DICT else "self.text" for each in message.calls if not hasattr(str, each)}
    calls = "".join(CALLED.format(call=call, answer=answer) for call, answer in answers.items())
    return MESSAGE.format(name=read.name, reads=reads, calls=calls)


def wraps(read: ReadClass, publish: Taken | None) -> bool:
    """Whether the messages must be looked for in what is sent."""
    message = message_of(publish)
    return message is not None and (message_for(message) != "message" or message.name not in read.uses.handed or len(read.uses.sent) > 1)


def hands_on(read: ReadClass, publish: Taken | None, sent: set[str]) -> bool:
    """Whether subscribers get what is published, as far as can be read. `sent`: the names that are sent to a client by other means."""
    message = message_of(publish)
    return message is not None and message.name in {*read.uses.handed, *read.uses.wrapped, *sent}


def unjudged(read: ReadClass, publish: Taken | None, *, everybody: bool = False) -> str:
    """Why it is not known which messages a client should receive; empty if nothing says so. `everybody`: all wait for the same thing."""
    help_ = "see `subwarden help options`, and leave out `delivered = None`"
    message = message_of(publish)
    if publish is None or message is None:
        return ""
    if message.name in read.uses.keeps:
        return f"{read.name} keeps messages; if it sends them later, too (`retains`, `acks`), {help_}"
    if read.uses.full and read.uses.bounded:
        return f"{read.name} may drop messages (`bounded`); {help_}"
    if not everybody and publish.method.name not in read.uses.loops and not any(name in read.methods for name, _, _ in read.uses.asked):
        return f"{publish.method.name}() sends to one subscriber (`shares`); {help_}"
    return ""


def _parts_of(parameter: Parameter) -> bool:
    """Whether parts of the message are used that a text does not have."""
    return not all(hasattr(str, each) for each in (*parameter.calls, *parameter.reads))
