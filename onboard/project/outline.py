"""Just enough YAML for compose files and pnpm-workspace.yaml: maps, lists and plain scalars by indentation.

Anchors, tags, multi-line scalars and everything else that could be made to explode is passed over, never an error.
"""

from __future__ import annotations

Node = dict[str, "Node"] | list["Node"] | str
_DEEPEST = 24
_MOST_LINES = 20_000


def parse(text: str) -> Node:
    """Return maps, lists and strings; what cannot be read is left out. Linear in the text."""
    lines: list[tuple[int, str]] = []
    skip_below: int | None = None
    for raw in text.splitlines()[:_MOST_LINES]:
        body = _without_comment(raw.replace("\t", "  ")).rstrip()
        if not body.strip() or body.strip() in ("---", "..."):
            continue
        indent = len(body) - len(body.lstrip())
        if skip_below is not None:
            if indent > skip_below:
                continue
            skip_below = None
        body = body.strip()
        if body[-1:] in "|>" or body[-2:] in ("|-", ">-", "|+", ">+"):  # a block scalar follows
            skip_below = indent
        lines.append((indent, body))
    return _block(lines, 0, len(lines), 0)


def _block(lines: list[tuple[int, str]], start: int, end: int, depth: int) -> Node:
    if start >= end or depth > _DEEPEST:
        return ""
    indent = lines[start][0]
    as_list: list[Node] = []
    as_map: dict[str, Node] = {}
    is_list = _is_item(lines[start][1])
    at = start
    while at < end:
        level, body = lines[at]
        after = at + 1
        while after < end and (
            lines[after][0] > level or (not is_list and lines[after][0] == level and _is_item(lines[after][1]))
        ):
            after += 1
        if level < indent:
            break
        if is_list and _is_item(body):
            rest = body[1:].strip()
            if _key(rest) is not None:
                inner = level + (len(body) - len(rest))
                as_list.append(_block([(inner, rest), *lines[at + 1 : after]], 0, after - at, depth + 1))
            elif rest:
                as_list.append(_scalar(rest, lines, at + 1, after))
            else:
                as_list.append(_block(lines, at + 1, after, depth + 1))
        elif not is_list and (pair := _key(body)) is not None:
            key, rest = pair
            if rest and rest[0] not in "&|>!":
                as_map[key] = _scalar(rest, lines, at + 1, after)
            else:
                as_map[key] = _block(lines, at + 1, after, depth + 1)
        at = after
    return as_list if is_list else as_map


def _is_item(body: str) -> bool:
    return body == "-" or body.startswith("- ")


def _key(body: str) -> tuple[str, str] | None:
    """Split `key: value`; `None` where it is none."""
    if body and body[0] in "\"'":
        closing = body.find(body[0], 1)
        if closing < 0 or body[closing + 1 : closing + 2] != ":":
            return None
        return body[1:closing], body[closing + 2 :].strip()
    key, colon, rest = body.partition(":")
    if not colon or (rest and not rest.startswith(" ")) or not key or key[0] in "[{":
        return None
    return key.strip(), rest.strip()


def _scalar(text: str, lines: list[tuple[int, str]], start: int, end: int) -> Node:
    if text[0] == "[":
        whole = " ".join([text, *(body for _, body in lines[start:end])])
        return [_plain(part) for part in whole.strip("[] ").split(",") if part.strip()]
    return _plain(text)


def _plain(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
        return text[1:-1]
    return text


def _without_comment(raw: str) -> str:
    if "#" not in raw:
        return raw
    quote = ""
    for at, char in enumerate(raw):
        if quote:
            if char == quote:
                quote = ""
        elif char in "\"'":
            if at == 0 or raw[at - 1] in " [{,:":
                quote = char
        elif char == "#" and (at == 0 or raw[at - 1] == " "):
            return raw[:at]
    return raw


def strings(node: Node) -> tuple[str, ...]:
    """Return a node's strings: a scalar alone, a list's scalars, a map's keys."""
    if isinstance(node, str):
        return (node,) if node else ()
    if isinstance(node, dict):
        return tuple(node)
    return tuple(item for item in node if isinstance(item, str))
