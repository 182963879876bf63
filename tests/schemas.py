"""The committed JSON Schemas, and which one a document of ours has to fit."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/schema"
_KEYS = {"findings": "doctor", "apps": "project", "variables": "list", "readings": "explain", "hash": "trust"}
"""A key by which a document is known, in the order in which they are looked for."""


@cache
def validator(name: str) -> Draft202012Validator:
    schema = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def read(text: str) -> Any:
    """Return what a command printed as JSON, once it is seen to fit its schema."""
    document = json.loads(text)
    name = "explain" if "readings" in document else next(_KEYS[key] for key in _KEYS if key in document)
    validator(name).validate(document)
    return document
