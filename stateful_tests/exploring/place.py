"""How reports name a place in code: module:line, with our own modules named from the package on."""

PACKAGE = "subwarden."


def place(module: str, line: int) -> str:
    """`line` of `module`, such as `impl.manager.source:55` or `hub:64`."""
    return f"{module.removeprefix(PACKAGE)}:{line}"
