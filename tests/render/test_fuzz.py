"""What `check` accepts is rendered, and read again by readers stricter than ours.

Presets with escape hatches made at random, of the keys that the tables know and of values of every
kind, most of them wrong; and with tags, names and addresses of any characters. A failure becomes a
named case.
"""

from __future__ import annotations

import io
import os
import random
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ruamel.yaml import YAML

from wizard.core.problems import InvalidDocumentError
from wizard.profile.load import load_text
from wizard.profile.model import Profile
from wizard.profile.presets import presets
from wizard.render import check, config_toml, copy_script, files, images, job_pod, manifests
from wizard.render.runner.chart_values import values
from wizard.render.tables.catalogue import chart_keys, runner_keys

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "300"))
CHUNK = 50
PRESETS = [preset.path.read_text(encoding="utf-8") for preset in presets()]
ODD = (
    *(
        "",
        " ",
        "a",
        "yes",
        "no",
        "null",
        "~",
        "1e3",
        "0x1F",
        "1:30",
        "- a",
        "a: b",
        "# a",
        "{{ a }}",
    ),
    *("\x07", "\x1b[0m", "\x7f", "\x85", "\x9b", "\u2028", "\ufeff", "\ufdd0", "\U0001fffe", "😀"),
    *(
        "a\nb",
        "\n",
        "a\n\n",
        " a\n b",
        "\ta",
        "a\r\nb",
        "'",
        '"',
        "\\",
        "'''",
        '"""',
        "%",
        "@",
        "&a",
    ),
    *("[::1]:5000/a/b:1", "alpine:3.22", "${CI_IMAGE}", "@RUNNER", "----", "x" * 300, "ünïcode"),
)
PATCHES = (
    *(
        "{}",
        "[]",
        "null",
        "a",
        "{containers: [null]}",
        "{containers: [{image: a}]}",
        "{containers: a}",
    ),
    *("{containers: [{name: build, image: null}]}", "{containers: {name: a}}", "{volumes: [a]}"),
    *("{initContainers: [{name: a, image: b}]}", "{securityContext: []}", "{hostNetwork: yes}"),
    '[{"op": "remove", "path": "/containers"}]',
    '[{"op": "add", "path": "/containers/0/securityContext", "value": []}]',
    "{containers: [{name: build, $patch: delete}]}",
)


def _value(chance: random.Random, depth: int = 0) -> Any:
    kinds = ("none", "flag", "number", "text", "text", "list", "map") if depth < 3 else ("text",)
    match chance.choice(kinds):
        case "none":
            return None
        case "flag":
            return chance.choice([True, False])
        case "number":
            return chance.choice([0, 1, -1, 2, 1.5, 10**20, 600])
        case "list":
            return [_value(chance, depth + 1) for _ in range(chance.randrange(3))]
        case "map":
            return {
                chance.choice(("a", "name", "image", "1", *ODD)): _value(chance, depth + 1)
                for _ in range(chance.randrange(3))
            }
        case _:
            return chance.choice(ODD)


def _fitting(chance: random.Random, node: Any, name: str) -> Any:
    """A value of the kind that a table of keys names, or sometimes any other."""
    if chance.random() < 0.12:
        return _value(chance)
    kind = (node.get("", "") if isinstance(node, Mapping) else node).split(" ")[0]
    if kind == "tables":
        return [_table(chance, node) for _ in range(chance.randrange(1, 3))]
    if isinstance(node, Mapping) and not kind:
        return _table(chance, node)
    text = chance.choice(PATCHES if name == "patch" else ("a", "b", *ODD))
    return {
        "flag": chance.choice([True, False]),
        "number": chance.randrange(1, 1000),
        "fraction": 1.5,
        "quantity": "500m",
        "duration": "90s",
        "text": text,
        "texts": [text],
        "texts-or-text": chance.choice(["always", ["always"]]),
        "numbers": [1, 2],
        "number-or-text": 1,
    }.get(kind, text)


def _table(chance: random.Random, node: Mapping[str, Any]) -> dict[str, Any]:
    known = sorted(name for name in node if name and name != "*")
    chosen = chance.sample(known, min(len(known), chance.randrange(1, 4))) if known else []
    if "*" in node:
        chosen += chance.sample(["a", "b/c", "kubernetes.io/arch", *ODD], 2)
    free = node.get("*", "")
    return {name: _fitting(chance, node.get(name, free) if name else free, name) for name in chosen}


def made(seed: int) -> str:
    """The profile that a seed makes."""
    chance = random.Random(seed)
    data = yaml.safe_load(chance.choice(PRESETS))
    runner = chance.choice(data["runners"])
    if chance.random() < 0.7:
        tree = runner_keys("19.3.1").tree["runners"]
        runner["extra_config"] = _table(
            chance, tree if chance.random() < 0.2 else {"": "", "kubernetes": tree["kubernetes"]}
        )
    packaging = chance.choice(["argocd", "helm", "manifests"])
    if packaging != "manifests" and chance.random() < 0.8:
        runner["extra_values"] = _table(chance, chart_keys("0.92.1").tree)
    delivery = data.setdefault("delivery", {})
    delivery |= {"as": packaging, "to": "directory"}
    repository = {"url": "https://gitlab.com/a/b.git", "branch": "main"}
    repository["apps_path"] = chance.choice([".", "./a", "a//b", ".x", "apps"])
    repository["manifests_path"] = chance.choice([".", "./a", "a//b", "m"])
    delivery["repository"] = repository
    if chance.random() < 0.3:
        runner["tags"] = chance.sample(ODD, 2)
        runner["description"] = chance.choice(ODD)
    if chance.random() < 0.2:
        data["gitlab"] |= {"proxy": "http://p:1", "no_proxy": [chance.choice(ODD)]}
        repository["branch"] = chance.choice(ODD)
    if chance.random() < 0.2:
        runner.setdefault("jobs", {})["image"] = chance.choice(ODD)
        data["images"] = {"registry": chance.choice(["[::1]:5000/m", "r.example.org/m"])}
    return yaml.safe_dump(data, allow_unicode=False)


def accepted(text: str) -> Profile | None:
    """The profile, where `check` finds no error in it."""
    try:
        loaded = load_text(text, Path("p.yaml"))
        loaded.check(check)
    except InvalidDocumentError as error:
        if any(len(str(problem)) > 2000 for problem in error.problems.found):
            raise ValueError("a problem is as long as a page") from None
        return None
    return loaded.profile


def _strictly(text: str) -> list[Any]:
    """Every document of a text, as a reader of YAML 1.2 has it."""
    return list(YAML(typ="safe", pure=True).load_all(io.StringIO(text)))


def read_again(profile: Profile) -> None:
    """Render everything, and read each file by a second reader: both see the same."""
    for file in files(profile):
        file.content.encode("utf-8")
        if file.path.endswith((".yaml", ".yml")):
            assert _strictly(file.content) == list(yaml.safe_load_all(file.content)), file.path
    for manifest in manifests(profile):
        manifest.body["metadata"]["name"].encode("ascii")
    for runner in profile.runners:
        toml = config_toml(profile, runner)
        assert tomllib.loads(toml)["runners"][0]["name"] == runner.name
        assert job_pod(profile, runner).body["spec"]["containers"]
        if profile.delivery.packaging != "manifests":
            written = values(profile, runner)
            assert written["runners"]["secret"] == runner.token_secret
            assert written["serviceAccount"] == written["serviceAccount"] | {"create": True}
            assert written["rbac"]["create"] is True
    assert images(profile)
    assert copy_script(profile).startswith("#!/bin/sh")


@pytest.mark.fuzz
@pytest.mark.parametrize("chunk", range(-(-EXAMPLES // CHUNK)))
def test_what_check_accepts_is_rendered_and_strictly_read(chunk: int) -> None:
    for seed in range(chunk * CHUNK, min((chunk + 1) * CHUNK, EXAMPLES)):
        text = made(seed)
        try:
            profile = accepted(text)
            if profile:
                read_again(profile)
        except Exception as error:
            raise AssertionError(f"seed {seed}:\n{text}") from error


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_strictly_read(preset: str) -> None:
    profile = accepted(preset)
    assert profile
    read_again(profile)


def test_a_part_of_what_is_made_is_accepted() -> None:
    found = sum(accepted(made(seed)) is not None for seed in range(100))
    assert 5 < found < 95
