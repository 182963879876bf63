"""Env schemas in code (t3-env, zod, valibot, envalid, joi, arktype, astro): read by a parser, never executed.

Imported only where a schema is to be read: it loads tree-sitter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import tree_sitter
import tree_sitter_typescript
from tree_sitter import Node

_DEEPEST = 60
_UPPER = re.compile(r"^[A-Z][A-Z0-9_]{1,}\??$")
_ROOTS = {
    "z", "zod", "v", "s", "t", "joi", "yup", "type", "str", "url", "num", "bool", "port", "email", "host", "json",
    "envfield", "envalid", "valibot", "envsafe", "schema", "makevalidator", "env", "object", "string", "number",
    "boolean", "ark",
}  # fmt: skip
"""First words of an expression that can be a schema."""
_PRODUCTION = re.compile(
    r"(NODE_ENV|VERCEL_ENV|APP_ENV)[\"'\]]*\s*(?P<sign>[!=]==?)\s*['\"](?P<name>\w+)['\"]|isProd|IS_PROD|production",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a schema says of one variable."""

    name: str
    line: int
    required: bool
    default: str | None = None
    choices: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    client: bool | None = None
    """It stands in the part for the browser; `None`: the schema has no parts."""
    secret: bool | None = None
    """Astro's `access`; `None`: not said."""


@dataclass(frozen=True)
class _Value:
    required: bool = True
    default: str | None = None
    choices: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    text: bool = False
    """It is a string, so that `min` is a length."""
    secret: bool | None = None
    client: bool | None = None


@cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_typescript.language_tsx()))


def read(source: bytes) -> tuple[Rule, ...]:
    """Return what the schemas in a JavaScript or TypeScript file say, in order; the last of one name wins."""
    return _Reader(_parser().parse(source).root_node).read()


class _Reader:
    def __init__(self, root: Node) -> None:
        self.root = root
        self.constants: dict[str, Node] = {}
        self.found: dict[str, Rule] = {}
        self.joi = False

    def read(self) -> tuple[Rule, ...]:
        objects: list[tuple[Node, bool | None]] = []
        for node in _walk(self.root):
            if node.type == "variable_declarator":
                name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
                if name is None or value is None or name.type != "identifier":
                    continue
                if not (value.text or b"").startswith(b"require("):  # that is a library, no schema of this file
                    self.constants[_text(name)] = value
            elif node.type == "object":
                objects.append((node, _client(node)))
        for node, client in objects:
            self._object(node, client)
        return tuple(self.found.values())

    def _object(self, node: Node, client: bool | None) -> None:
        for pair in node.named_children:
            if pair.type != "pair":
                continue
            key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            if key is None or value is None:
                continue
            name = _text(key).strip("'\"`[] ")
            if not _UPPER.match(name):
                continue
            meaning = self._schema(value, 0)
            if meaning is None:
                continue
            if name.endswith("?"):  # arktype's optional key
                name, meaning = name[:-1], replace(meaning, required=False)
            self.found[name] = Rule(
                name,
                key.start_point.row + 1,
                meaning.required and meaning.default is None,
                meaning.default,
                meaning.choices,
                meaning.rules,
                client if meaning.client is None else meaning.client,
                meaning.secret,
            )

    def _schema(self, node: Node, depth: int) -> _Value | None:
        """Return what an expression says as a schema; `None`: it is none."""
        if depth > _DEEPEST:
            return None
        match node.type:
            case "parenthesized_expression" | "as_expression" | "satisfies_expression" | "non_null_expression":
                return self._schema(node.named_children[0], depth + 1) if node.named_children else None
            case "identifier":
                constant = self.constants.get(_text(node))
                return self._schema(constant, depth + 1) if constant is not None else None
            case "ternary_expression":
                return self._ternary(node, depth)
            case "string":
                return _ark(_text(node)[1:-1])
            case "call_expression":
                return self._call(node, depth)
            case "member_expression":  # z.string without a call is none, but `schemas.url` may be a constant's part
                return None
        return None

    def _ternary(self, node: Node, depth: int) -> _Value | None:
        condition = node.child_by_field_name("condition")
        yes, no = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
        if condition is None or yes is None or no is None:
            return None
        first, second = self._schema(yes, depth + 1), self._schema(no, depth + 1)
        if first is None or second is None:
            return None
        if said := _PRODUCTION.search(_text(condition)):
            production = (said["name"] or "production").startswith("prod")
            negated = (said["sign"] or "").startswith("!") or _text(condition).lstrip("(").startswith("!")
            return second if production != negated else first
        return first if not first.required else second

    def _call(self, node: Node, depth: int) -> _Value | None:
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return None
        values = arguments.named_children
        if function.type == "identifier":
            return self._function(_text(function), values, depth)
        if function.type != "member_expression":
            return None
        owner, prop = function.child_by_field_name("object"), function.child_by_field_name("property")
        if owner is None or prop is None:
            return None
        method = _text(prop)
        root = _text(owner).strip()
        if (owner.type == "identifier" and root not in self.constants) or root in ("z.coerce", "zod.coerce"):
            if root.partition(".")[0].lower() not in _ROOTS:
                return None
            return self._base(root, method, values, depth)
        inner = self._schema(owner, depth + 1)
        return self._method(inner, method, values, depth) if inner is not None else None

    def _function(self, name: str, values: list[Node], depth: int) -> _Value | None:
        """A call of a plain function: envalid's validators, valibot's imported by name, a helper of the file's own."""
        low = name.lower()
        if low in ("str", "url", "num", "bool", "port", "email", "host", "json", "envsafe"):
            return self._options(low, values)
        for value in values:
            inner = self._schema(value, depth + 1) if value.type != "string" else None
            if inner is not None:
                return replace(inner, required=False) if "optional" in low else inner
        if low in ("optional", "string", "number", "boolean", "picklist", "pipe", "url", "email", "enum"):
            return self._base("v", low, values, depth)
        body = self.constants.get(name)
        if body is not None and body.type == "arrow_function":
            expression = body.child_by_field_name("body")
            return self._schema(expression, depth + 1) if expression is not None else None
        return None

    def _base(self, root: str, method: str, values: list[Node], depth: int) -> _Value | None:
        low = method.lower()
        joi = root.lower() in ("joi", "yup")
        if root.lower() in ("envfield", "envalid", "envsafe"):
            return self._options(low, values)
        required = not joi
        match low:
            case "string" | "nonemptystring" | "str":
                return _Value(required, text=True)
            case "url" | "uri" | "httpurl":
                return _Value(required, rules=("url",), text=True)
            case "email":
                return _Value(required, rules=("email",), text=True)
            case "uuid" | "base64" | "cuid" | "nanoid" | "jwt" | "hex" | "guid" | "ulid":
                return _Value(required, text=True)
            case "number" | "float64" | "numberstring":
                return _Value(required, rules=("number",))
            case "int" | "integer" | "int32":
                return _Value(required, rules=("int",))
            case "boolean" | "bool" | "stringbool":
                return _Value(required, rules=("boolean",))
            case "enum" | "nativeenum" | "picklist" | "literal" | "enums" | "oneof":
                return _Value(required, choices=tuple(_strings(values)))
            case "undefined" | "null" | "void" | "never":
                return _Value(False)
            case "any" | "unknown" | "json" | "date" | "array" | "record" | "custom" | "bigint":
                return _Value(required and low not in ("any", "unknown"))
            case "optional" | "nullish" | "exactoptional" | "undefinedable":
                inner = self._first(values, depth)
                return replace(
                    inner or _Value(), required=False, default=_literal(values[1]) if len(values) > 1 else None
                )
            case "fallback":
                inner = self._first(values, depth)
                return replace(inner or _Value(), required=False, default=_literal(values[-1]))
            case "preprocess" | "pipe" | "lazy" | "effect" | "nullable":
                known = [inner for value in values if (inner := self._schema(value, depth + 1))]
                if low == "preprocess" or not known:
                    return known[-1] if known else _Value(required)
                whole = known[0]
                for value in values[1:]:
                    whole = self._action(whole, value)
                return whole
            case "union" | "or" | "anyof" | "discriminatedunion":
                options = [
                    child for value in values for child in (value.named_children if value.type == "array" else [value])
                ]
                known = [inner for option in options if (inner := self._schema(option, depth + 1))]
                if not known:
                    return _Value(required)
                choices = (
                    tuple(choice for inner in known for choice in inner.choices)
                    if all(each.choices for each in known)
                    else ()
                )
                return replace(known[0], required=all(inner.required for inner in known), choices=choices)
            case "object" | "looseobject" | "strictobject" | "tuple" | "function":
                return None
        return _Value(required) if root.lower() in ("z", "v", "t", "type", "joi", "yup", "s") and values == [] else None

    def _action(self, whole: _Value, node: Node) -> _Value:
        """Valibot's actions inside `pipe`."""
        if node.type != "call_expression":
            return whole
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        name = _text(function).rpartition(".")[2].lower() if function is not None else ""
        name = {"minlength": "min", "nonempty": "nonempty", "startswith": "startswith", "integer": "int"}.get(
            name, name
        )
        return self._method(whole, name, arguments.named_children if arguments is not None else [], 0) or whole

    def _method(self, value: _Value, method: str, values: list[Node], depth: int) -> _Value | None:
        low = method.lower()
        first = _literal(values[0]) if values else None
        match low:
            case "optional" | "nullish" | "notrequired" | "exactoptional":
                return replace(value, required=False)
            case "required" | "nonoptional":
                return replace(value, required=True)
            case "default" | "catch" | "prefault" | "devdefault":
                return replace(value, required=False, default=first)
            case "url" | "uri" | "email" | "int" | "integer":
                name = {"uri": "url", "integer": "int"}.get(low, low)
                return replace(
                    value, rules=(*(rule for rule in value.rules if rule != "number" or name != "int"), name)
                )
            case "min" | "minlength" | "length":
                good = value.text and first is not None and first.isdigit()
                exactly = (f"length:{first}",) if low == "length" else ()
                return replace(value, rules=(*value.rules, f"min:{first}", *exactly)) if good else value
            case "nonempty":
                return replace(value, rules=(*value.rules, "min:1"))
            case "startswith":
                return replace(value, rules=(*value.rules, f"startswith:{first}")) if first else value
            case "valid" | "oneof" | "equal":
                return replace(value, choices=tuple(_strings(values)))
            case "allow":
                return replace(value, required=value.required and "" not in _strings(values))
            case "or":
                other = self._first(values, depth)
                if other is None:
                    return value
                return replace(value, required=value.required and other.required, choices=())
            case "pipe":
                return value
            case "shape" | "parse" | "safeparse" | "extend" | "merge" | "partial":
                return None
        return value

    def _options(self, kind: str, values: list[Node]) -> _Value:
        """Envalid, envsafe and astro: one call with an object of options."""
        rules = {"url": ("url",), "num": ("number",), "number": ("number",), "port": ("int",), "bool": ("boolean",),
                 "boolean": ("boolean",), "email": ("email",)}.get(kind, ())  # fmt: skip
        options = {
            _text(key).strip("'\""): value
            for node in values if node.type == "object"
            for pair in node.named_children if pair.type == "pair"
            if (key := pair.child_by_field_name("key")) is not None
            and (value := pair.child_by_field_name("value")) is not None
        }  # fmt: skip
        default = next((options[name] for name in ("devDefault", "default") if name in options), None)
        optional = "optional" in options and _text(options["optional"]) == "true"
        choices = tuple(_strings([options[name] for name in ("choices", "values") if name in options]))
        access = _text(options["access"]).strip("'\"") if "access" in options else None
        context = _text(options["context"]).strip("'\"") if "context" in options else None
        return _Value(
            default is None and not optional,
            _literal(default) if default is not None else None,
            choices,
            rules,
            secret=None if access is None else access == "secret",
            client=None if context is None else context == "client",
        )

    def _first(self, values: list[Node], depth: int) -> _Value | None:
        return next((inner for value in values if (inner := self._schema(value, depth + 1))), None)


def _walk(root: Node) -> Iterator[Node]:
    """All nodes, parents first, without recursion: the source may nest as deep as it likes."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.named_children))


def _client(node: Node) -> bool | None:
    """Whether an object stands in the browser's part of a schema: by the nearest key or constant that says so."""
    at: Node | None = node.parent
    for _ in range(8):
        if at is None:
            return None
        name = at.child_by_field_name("key") or at.child_by_field_name("name")
        if at.type in ("pair", "variable_declarator") and name is not None:
            low = _text(name).lower()
            if "client" in low or low == "public":
                return True
            if "server" in low or low == "private":
                return False
            if low == "shared":
                return None
        at = at.parent
    return None


def _ark(text: str) -> _Value | None:
    """Arktype's `"string.url"`, `"'a' | 'b'"`, `"number = 3000"`."""
    if not re.match(r"^(string|number|boolean|'[^']*'(\s*\|\s*'[^']*')+)", text):
        return None
    definition, equals, default = text.partition("=")
    choices = tuple(re.findall(r"'([^']*)'", definition)) if definition.startswith("'") else ()
    rules: tuple[str, ...] = ()
    if "url" in definition:
        rules = ("url",)
    elif "email" in definition:
        rules = ("email",)
    elif definition.startswith("number"):
        rules = ("number",)
    if least := re.search(r"string\s*>=\s*(\d+)", text):
        return _Value(True, None, choices, (f"min:{least[1]}",))
    optional = "undefined" in definition
    return _Value(not optional and not equals, default.strip(" '\"") or None if equals else None, choices, rules)


def _literal(node: Node | None) -> str | None:
    if node is None:
        return None
    text = _text(node)
    if node.type == "string":
        return text[1:-1]
    if node.type == "template_string" and "${" not in text:
        return text[1:-1]
    return text if node.type in ("number", "true", "false") else ""


def _strings(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if node.type == "string":
            yield _text(node)[1:-1]
        elif node.type == "array":
            yield from _strings(node.named_children)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
