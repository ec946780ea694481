"""The page as it is written: it loads nothing, runs its own script only, and no text can get out of its place."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from subwarden.reports.html.escaping import escaped, island, shown
from subwarden.reports.html.views import VIEWS, UnknownRecord, html_of, schema_of
from subwarden.stateful_tests.tests.paths import GOLDEN
from subwarden.stateful_tests.tests.reports.records import HOSTILE, PHANTOM, RAW, gate_of, hostile_run, long_run, replayed

LOADS = ("src", "href", "data", "srcset", "poster", "action", "formaction", "xlink:href")


class Elements(HTMLParser):
    """All elements of a page with their attributes, the text of each script and style, and all ids."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in self.texts:
            self.texts[tag].append("")

    def handle_data(self, data: str) -> None:
        tag = self.tags[-1][0] if self.tags else ""
        if tag in self.texts and self.cdata_elem == tag:
            self.texts[tag][-1] += data


@pytest.fixture(scope="module")
def page() -> str:
    return html_of(gate_of(replayed(PHANTOM), replayed(RAW)))


def test_the_policy_allows_the_page_s_own_script_and_styles_and_nothing_else(page: str) -> None:
    elements = Elements(page)
    policy = next(a["content"] for tag, a in elements.tags if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    data, script = elements.texts["script"]
    (style,) = elements.texts["style"]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)]
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; base-uri 'none'; form-action 'none'"
    )
    json.loads(data)


def test_the_page_loads_nothing_and_has_no_handlers_or_styles_in_attributes(page: str) -> None:
    for tag, attributes in Elements(page).tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form", "img")
        for name, value in attributes.items():
            assert not name.startswith("on") and name != "style", (tag, name)
            assert name not in LOADS or (value or "").startswith("#"), (tag, name, value)
    assert set(re.findall(r"\w+://[^\"'\s]+", page)) <= {"http://www.w3.org/2000/svg"}


def test_ids_are_unique_and_what_refers_to_them_finds_them(page: str) -> None:
    tags = Elements(page).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in tags:
        for name in ("data-copy", "href"):
            if name in attributes:
                assert (attributes[name] or "").lstrip("#") in ids


def test_every_picture_and_control_has_a_name(page: str) -> None:
    for tag, attributes in Elements(page).tags:
        if tag == "svg":
            assert attributes.get("aria-label") or attributes.get("aria-hidden") == "true"
        if tag == "html":
            assert attributes["lang"] == "en"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_stays_text(text: str) -> None:
    plain, hostile = html_of(replayed(PHANTOM)), html_of(hostile_run(text))
    hostile.encode("utf-8")
    elements = Elements(hostile)
    assert {tag for tag, _ in elements.tags} <= {tag for tag, _ in Elements(plain).tags}
    assert len(elements.texts["script"]) == 2
    (run,) = json.loads(elements.texts["script"][0])
    assert run["steps"][0]["did"] == [shown(text)]


def test_the_island_is_ascii_and_has_no_character_that_ends_a_script() -> None:
    for text in HOSTILE:
        said = island([text, {text: text}])
        assert said.isascii()
        assert not set("<>&") & set(said)
        assert json.loads(said) == [shown(text), {shown(text): shown(text)}]
    assert escaped('<a href="x">&\'') == "&lt;a href=&quot;x&quot;&gt;&amp;&#x27;"
    assert shown("\ud83d\x00ok\n") == "\\ud83d\\x00ok\n"


def test_the_page_is_the_same_every_time_and_small() -> None:
    record = gate_of(replayed(PHANTOM), replayed(RAW))
    assert html_of(record) == html_of(json.loads(json.dumps(record)))
    assert len(html_of(record)) < 120_000
    assert len(html_of(long_run(1_000))) < 500_000


def test_proofs_have_a_page() -> None:
    for name in ("holds", "violated", "stuck"):
        record = json.loads((GOLDEN / f"prove_{name}.json").read_text())
        text = html_of(record)
        assert record["verdict"] in text
        for found in record["counter_examples"]:
            assert escaped(found["what"]) in text


def test_a_record_of_another_version_is_refused() -> None:
    for record, said in (({"schema": "subwarden/gate/99"}, "subwarden/gate/99"), ({}, "no schema"), ({"schema": 1}, "no schema")):
        with pytest.raises(UnknownRecord, match=said):
            schema_of(record)
    assert all(schema.startswith("subwarden/") for schema in VIEWS)


def test_a_finding_without_a_trace_has_its_steps_all_the_same() -> None:
    record: Any = gate_of({key: value for key, value in replayed(PHANTOM).items() if key != "trace"})  # type: ignore[arg-type]  # on purpose
    (run,) = json.loads(Elements(html_of(record)).texts["script"][0])
    assert run["trace"] is None
    assert len(run["steps"]) == 8


def test_a_finding_says_what_was_printed_and_how_to_lead_it_by_hand() -> None:
    record = gate_of(replayed(RAW))
    record["findings"][0] |= {"printed": ["<b>loud</b>"], "short": "7f3a2c"}
    page = html_of(record)
    assert "&lt;b&gt;loud&lt;/b&gt;" in page
    assert "<code>subwarden view 7f3a2c</code>" in page
