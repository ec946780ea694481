"""Copies the lines around a place in code, for reports that are read where the code is not."""

import linecache
from types import FrameType

from subwarden.checking.place import path_of
from subwarden.reports.html.trace_record import PlaceRecord

CONTEXT = 3  # lines before and after


def place_record(frame: FrameType) -> PlaceRecord:
    """The record of the line at which `frame` stands."""
    path, line = frame.f_code.co_filename, frame.f_lineno
    lines = linecache.getlines(path)
    first = max(1, line - CONTEXT)
    return {"file": path_of(path), "line": line, "first": first, "text": [each.rstrip("\n") for each in lines[first - 1 : line + CONTEXT]]}
