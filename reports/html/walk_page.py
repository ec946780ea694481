"""The page of `subwarden view`: the timeline of a run that is led by hand, and what may happen next. It talks to its server."""

from subwarden.reports.html.escaping import escaped, user_text
from subwarden.reports.html.graphs.subscription_places import with_places
from subwarden.reports.html.page import document
from subwarden.reports.html.walk_record import WalkHeadRecord, WalkRecord

TALKS = "; connect-src 'self'"


def walk_page(head: WalkHeadRecord, now: WalkRecord) -> str:
    """The page of a walk that is at `now`."""
    about = "".join(f"<p>{user_text(line)}</p>" for line in head["about"])
    tasks = "".join(f"<dt>{user_text(name)}</dt><dd>{user_text(operations)}</dd>" for name, operations in head["tasks"])
    tasks = f'<dl class="tasks">{tasks}</dl>' if tasks else ""
    keys = "1 to 9 choose, Backspace takes back; in the timeline the arrow keys move."
    content = (
        f'<header class="top"><h1>{user_text(head["title"])} <span class="verdict" role="status"></span></h1>{about}{tasks}</header>'
        '<div class="alarm" role="alert"></div><div class="said"></div>'
        f'<section class="walk" aria-label="What happens next"><h2>What happens next</h2><p class="note">{escaped(keys)}</p>'
        '<ol class="candidates" tabindex="-1" aria-label="Candidates"></ol>'
        '<div class="bar steer"></div><div class="kept" role="status"></div></section>'
        '<div class="hidden spoken" aria-live="polite"></div><section aria-label="The run so far"><h2>The run so far</h2>'
        '<div class="run"><p class="needs">The timeline needs JavaScript.</p></div></section><div class="so-far"></div>'
    )
    return document(f"view of {head['title']}", content, ("walk", {"head": head, "now": with_places(now)}), "walk.js", more_policy=TALKS)
