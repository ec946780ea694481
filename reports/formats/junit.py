"""A record as JUnit's XML, which CI servers list: a suite for the command, a case for each property."""

from xml.etree import ElementTree as xml

from subwarden.model.properties import Property
from subwarden.reports.formats.places import PROPERTIES, rule_of, told_at
from subwarden.reports.html.escaping import shown
from subwarden.reports.html.view import FindingView, View


def junit_of(view: View) -> str:
    """The XML. A property without a finding passes; in a run that says nothing, because it is inconclusive, it is skipped."""
    by_rule: dict[str, list[FindingView]] = {}
    for finding in view.findings:
        for rule in dict.fromkeys([rule_of(finding), *finding.also]):
            by_rule.setdefault(rule, []).append(finding)
    names = list(dict.fromkeys([*Property.__members__, *by_rule]))
    suite = xml.Element("testsuite", name=_text(f"subwarden: {view.title}"))
    skipped = 0
    for name in names:
        of = PROPERTIES.get(name)
        case = xml.SubElement(suite, "testcase", classname="subwarden", name=_text(name if of is None else f"{name} {of.title}"))
        found = by_rule.get(name, [])
        if found:
            place = told_at(found[0])
            if place is not None:
                case.set("file", _text(place.file))
                case.set("line", str(place.line))
            failure = xml.SubElement(case, "failure", message=_text(found[0].heading), type=_text(found[0].id))
            failure.text = _text("\n\n".join(map(_said, found)))
        elif view.verdict == "inconclusive":
            skipped += 1
            xml.SubElement(case, "skipped", message="inconclusive")
    counts = {"tests": len(names), "failures": len(by_rule), "errors": 0, "skipped": skipped}
    for key, count in counts.items():
        suite.set(key, str(count))
    xml.SubElement(suite, "system-out").text = _text("\n".join(view.said))
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
