"""One declaration per field: what is made of it, and that it is complete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.profile.profiles import SMALLEST, with_runner
from wizard.core.shipped import asset
from wizard.profile.document import parse
from wizard.profile.fields import FieldInfo, fields, find
from wizard.profile.model import Profile
from wizard.profile.presets import presets
from wizard.profile.reference import PAGE, reference_page
from wizard.profile.schema import FILE, json_schema, schema_text

ROOT = Path(__file__).resolve().parents[2]


def _valid(text: str) -> bool:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return bool(Draft202012Validator(schema).is_valid(parse(text, "x").data))


@pytest.mark.parametrize("info", fields(), ids=lambda info: info.dotted)
def test_every_field_explains_itself_in_a_sentence(info: FieldInfo) -> None:
    assert info.help.endswith(".")
    assert info.help[0].isupper()
    assert info.kind


@pytest.mark.parametrize(
    "info", [info for info in fields() if any(info.choices.values())], ids=lambda info: info.dotted
)
def test_where_choices_are_explained_all_are(info: FieldInfo) -> None:
    assert all(info.choices.values())


def test_every_explained_choice_is_one() -> None:
    properties = [
        declared
        for definition in Profile.model_json_schema()["$defs"].values()
        for declared in definition["properties"].values()
        if "x-choices" in declared
    ]
    assert len(properties) > 8
    for declared in properties:
        assert set(declared["x-choices"]) == set(declared["enum"])


def test_a_field_is_found_by_its_key_and_under_the_defaults() -> None:
    image = find(("runners", 3, "jobs", "image"))
    assert image is not None
    assert image.default == "alpine:3.22"
    assert find(("defaults", "jobs", "image")) is image
    assert find(("delivery", "as")) is not None
    assert find(("delivery", "packaging")) is None


def test_a_share_shows_the_default_of_the_container_it_belongs_to() -> None:
    of_jobs = find(("runners", 0, "jobs", "memory", "limit"))
    of_helper = find(("runners", 0, "jobs", "helper", "memory", "limit"))
    assert of_jobs
    assert of_helper
    assert (of_jobs.default, of_helper.default) == ("2Gi", "256Mi")


def test_the_schema_in_assets_is_the_models() -> None:
    assert asset(FILE).read_text(encoding="utf-8") == schema_text(), (
        "write it again: python -m wizard.profile.schema"
    )


def test_the_reference_page_is_the_models() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == reference_page(), (
        "write it again: python -m wizard.profile.reference"
    )


def test_the_reference_page_has_every_key_once() -> None:
    page = reference_page()
    for info in fields():
        expected = 0 if len(info.path) == 1 and info.section else 1
        assert page.count(f"\n| `{info.dotted}` |") == expected, info.dotted


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.name)
def test_the_presets_fit_the_schema(preset: Any) -> None:
    assert _valid(preset.path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (SMALLEST, True),
        (SMALLEST.replace("{project: acme/app}", "instance"), True),
        (SMALLEST.replace("{project: acme/app}", "everywhere"), False),
        (with_runner("builds: kaniko"), True),
        (with_runner("builds: {strategy: kaniko}"), True),
        (with_runner("builds: kanikoo"), False),
        (with_runner("jobs: {cpu: {limit: 2}}"), True),
        (with_runner("maximum_timeout: 90m"), True),
        (with_runner("tag: [a]"), False),
        (SMALLEST + "secrets: {store: create}\n", True),
        (SMALLEST + "defaults: {tags: [a]}\n", True),
        (SMALLEST + "defaults: {name: a}\n", False),
        (SMALLEST + "defaults: {tag: a}\n", False),
        ("version: 1\nname: x\ndefaults: {scope: {group: a}}\nrunners: [{name: y}]\n", True),
        ("version: 1\nname: x\nrunners: [{scope: instance}]\n", False),
        ("version: 2\nname: x\nrunners: [{name: y}]\n", False),
    ],
)
def test_an_editor_knows_what_check_knows(text: str, valid: bool) -> None:
    assert _valid(text) is valid


def test_an_editor_shows_what_each_choice_means() -> None:
    builds = json_schema()["$defs"]["Builds"]["anyOf"][1]["properties"]["strategy"]
    kaniko = builds["enum"].index("kaniko")
    assert "community fork" in builds["enumDescriptions"][kaniko]


def test_the_schema_names_no_host_but_its_own_dialects() -> None:
    schema = json.loads(schema_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == "urn:runner-wizard:profile:1"
