"""Alternatives that a template names itself: several ways to have the same thing, of which one is enough."""

from __future__ import annotations

import re
from dataclasses import replace

from onboard.model import Need, Variable
from onboard.project.template import Entry, Template
from onboard.project.values import Alternative

_GROUP = re.compile(
    r"^(?P<what>[\w /&.-]{2,40}?)\s*[(:,–—-]*\s*(?:choose|pick|use|needs?|only|any)?\s*(?:just |only )?\bone of\b|"
    r"\b(?:choose|pick|use|set|configure)\s+(?:just |only |any |"
    r"exactly )?one\b(?: of)?(?: the)?(?: following)?(?P<after>[\w ]*)",
    re.I,
)
_OPTION = re.compile(
    r"^\W*(?:option|alternative|variant|choice|way)\s+(?:\(?[0-9A-Za-z]\)?)\s*[:.)–—-]*\s*(?P<name>.*)$", re.I
)
_ORDINAL = re.compile(r"^\(?(?:[0-9]{1,2}|[a-d])[.)]\s+(?P<name>.+)$|^(?:or|either)\s*:?\s+(?P<other>[A-Z].+)$", re.I)


def find(variables: tuple[Variable, ...], template: Template) -> tuple[tuple[Variable, ...], tuple[Alternative, ...]]:
    """Return the variables with their groups, and the groups.

    A heading opens a group (`Redis, one of:`), headings within it the ways (`Option A: Upstash`); ways that are
    labelled as options make a group without a heading too. A group of one way is none.
    """
    groups: list[tuple[str, list[tuple[str, list[str]]]]] = []
    group: list[tuple[str, list[str]]] | None = None
    opened = section = None
    for entry in template.entries:
        option = _option(entry, labelled_only=group is None)
        opening = _opening(entry, beyond=option is not None)
        if opening and opening.string != opened:
            opened = opening.string
            group = []
            groups.append((_slug(opening["what"] or opening["after"] or entry.section or ""), group))
            option = _option(entry, labelled_only=False)
        elif option and group is None:
            group = []
            groups.append((_slug(next((text for text in entry.above if not _OPTION.match(text)), option)), group))
        elif group is not None and not option and entry.section != section:
            group = None
        section = entry.section
        if group is None:
            continue
        if option and (not group or group[-1][0] != _slug(option)):
            group.append((_slug(option), []))
        if group:
            group[-1][1].append(entry.name)
    real = [(name, ways) for name, ways in groups if len(ways) > 1]
    member = {each: name for name, ways in real for _, names in ways for each in names}
    needs = {variable.name: variable for variable in variables}
    alternatives = tuple(
        Alternative(
            name,
            tuple((way, tuple(dict.fromkeys(names))) for way, names in ways),
            required=any(needs[each].need is Need.REQUIRED for _, names in ways for each in names if each in needs),
        )
        for name, ways in real
    )
    marked = tuple(replace(each, one_of=member[each.name]) if each.name in member else each for each in variables)
    return marked, alternatives


def _opening(entry: Entry, *, beyond: bool) -> re.Match[str] | None:
    """Return the heading that opens a group: above the entry, or, for a labelled way, in the headings before it."""
    texts = (*entry.group.split("\n"), entry.section or "", *(reversed(entry.above) if beyond else ()))
    return next((match for text in texts if (match := _GROUP.search(text))), None)


def _option(entry: Entry, *, labelled_only: bool) -> str | None:
    for text in (*entry.group.split("\n"), entry.section or ""):
        if match := _OPTION.match(text):
            return match["name"].strip() or text
        if not labelled_only and (ordinal := _ORDINAL.match(text)):
            return str(ordinal["name"] or ordinal["other"])
    return None


def _slug(text: str) -> str:
    words = re.findall(r"[a-z0-9]+", re.split(r"[(:–—]|\s-\s", text.lower())[0])
    return "-".join(words[:3]) or "choice"
