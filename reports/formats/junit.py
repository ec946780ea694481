"""A record as JUnit's XML, which CI servers list: a suite for the command, a case for each thing that was judged."""

from xml.etree import ElementTree as xml

from subwarden.reports.formats.judged import Judged, rule_of
from subwarden.reports.formats.places import told_at
from subwarden.reports.html.escaping import shown
from subwarden.reports.html.view import FindingView


def junit_of(of: Judged) -> str:
    """The XML. A case without a finding passes, unless it was not judged: then it is skipped."""
    by_rule: dict[str, list[FindingView]] = {}
    for finding in of.findings:
        for rule in dict.fromkeys([rule_of(finding), *finding.also]):
            by_rule.setdefault(rule, []).append(finding)
    suite = xml.Element("testsuite", name=_text(f"subwarden: {of.title}"))
    skipped = 0
    for case in of.cases:
        made = xml.SubElement(suite, "testcase", classname="subwarden", name=_text(case.title))
        found = by_rule.get(case.rule, [])
        if found:
            place = told_at(found[0])
            if place is not None:
                made.set("file", _text(place.file))
                made.set("line", str(place.line))
            failure = xml.SubElement(made, "failure", message=_text(found[0].heading), type=_text(found[0].id))
            failure.text = _text("\n\n".join(map(_said, found)))
        elif case.skipped:
            skipped += 1
            xml.SubElement(made, "skipped", message=_text(case.skipped))
    counts = {"tests": len(of.cases), "failures": len(by_rule), "errors": 0, "skipped": skipped}
    for key, count in counts.items():
        suite.set(key, str(count))
    xml.SubElement(suite, "system-out").text = _text("\n".join(of.said))
    xml.indent(suite)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{xml.tostring(suite, encoding='unicode')}\n"


def _said(finding: FindingView) -> str:
    steps = [] if finding.run is None else finding.run["steps"]
    rows = [f"{row['step']:>4}  {row['task']}: {'; '.join([*row['did'], *row['changed'], *row['broken']])}" for row in steps]
    replay = [f"replay: {finding.replay}"] if finding.replay else []
    return "\n".join([finding.heading, *finding.lines, *(f"{name}  {does}" for name, does in finding.tasks), *rows, *replay])


def _text(text: str) -> str:
    """XML has no form for most control characters, nor for two that Unicode reserves."""
    return shown(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
