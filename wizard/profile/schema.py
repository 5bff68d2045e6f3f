"""The profile's JSON Schema, for editors that complete and check while one types."""

from __future__ import annotations

import json
from typing import Any

from wizard.core.shipped import asset
from wizard.profile.model import CURRENT_VERSION, Profile
from wizard.profile.runner import Builds, Runner, RunnerScope
from wizard.profile.secrets import Store

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = "profile.schema.json"

_WORDS = {
    RunnerScope.__name__: ["instance"],
    Store.__name__: ["create"],
}
"""Sections that one word may stand for."""


def json_schema() -> dict[str, Any]:
    """The schema, JSON Schema 2020-12; what only rules can know (`check`) is not in it."""
    schema = Profile.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    strategy = definitions[Builds.__name__]["properties"]["strategy"]
    for name, words in (*_WORDS.items(), (Builds.__name__, strategy["enum"])):
        definitions[name] = {"anyOf": [{"enum": words}, definitions[name]]}
    definitions["RunnerDefaults"] = _without_name(definitions[Runner.__name__])
    definitions[Runner.__name__]["required"] = ["name"]  # the scope may come from the defaults
    schema["properties"]["defaults"] = {
        "$ref": "#/$defs/RunnerDefaults",
        "description": schema["properties"]["defaults"]["description"],
    }
    _say_choices(schema)
    return {
        "$schema": DIALECT,
        "$id": f"urn:runner-wizard:profile:{CURRENT_VERSION}",
        **schema,
        "title": "Runner Wizard profile",
    }


def _without_name(runner: dict[str, Any]) -> dict[str, Any]:
    properties = {name: field for name, field in runner["properties"].items() if name != "name"}
    return {
        "type": "object",
        "additionalProperties": False,
        "description": "What every runner inherits.",
        "properties": properties,
    }


def _say_choices(node: Any) -> None:
    """Turn the meanings of choices into what editors show beside them."""
    if isinstance(node, dict):
        meanings = node.pop("x-choices", None)
        if meanings and "enum" in node:
            node["enumDescriptions"] = [meanings.get(value, "") for value in node["enum"]]
        for value in node.values():
            _say_choices(value)
    elif isinstance(node, list):
        for value in node:
            _say_choices(value)


def schema_text() -> str:
    """The schema as it is in `assets/`."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    asset(FILE).write_text(schema_text(), encoding="utf-8")
