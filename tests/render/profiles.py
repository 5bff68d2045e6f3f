"""Profiles to render: the presets, and changes to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from wizard.core.manifest import Manifest
from wizard.core.problems import Problems
from wizard.core.shipped import profiles
from wizard.profile.model import Profile
from wizard.profile.strategies import Strategy
from wizard.render import check, files, manifests
from wizard.render import packagings as rendered

PRESETS = ("homelab", "direct", "team", "eks", "airgapped")
PACKAGINGS = tuple(sorted(rendered.PACKAGINGS))
REPOSITORY = {"url": "https://gitlab.com/acme/gitops.git"}
_SHARES: dict[str, Any] = {
    "cpu": {"request": "100m", "limit": 1, "ceiling": 2},
    "memory": {"request": "1Gi", "limit": "1Gi", "ceiling": "2Gi"},
    "ephemeral_storage": {"request": "1Gi", "limit": "2Gi", "ceiling": "3Gi"},
}
EVERY_JOB_SETTING: dict[str, Any] = {
    **_SHARES,
    "helper": _SHARES,
    "services": _SHARES,
    "node_selector": {"kubernetes.io/arch": "arm64"},
    "tolerations": [{"key": "ci", "value": "yes", "effect": "NoSchedule"}],
    "image_pull_secrets": ["pull"],
    "priority_class": "low",
    "runtime_class": "gvisor",
    "allowed_images": ["alpine:*"],
    "allowed_services": ["redis:*"],
    "gpu": {"count": 1},
}
"""`jobs` with all that can be said about them."""
_NO_OBJECTS = ("kustomization.yaml", "values.yaml")
GOLDEN = Path(__file__).parent / "golden"


def profile_of(preset: str = "homelab", **changes: Any) -> Profile:
    """A preset with changes laid over it; `runner` changes its first runner."""
    text = (profiles() / f"{preset}.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    _lay_over(data["runners"][0], changes.pop("runner", {}))
    _lay_over(data, changes)
    return Profile.model_validate(data)


def stored_in(backend: str, settings: dict[str, Any]) -> Profile:
    """The homelab preset with its token in another backend, read through a store of ours."""
    secrets = {"backend": backend, "infisical": None, backend: settings, "store": "create"}
    return profile_of(secrets=secrets)


def every_reader() -> dict[str, Profile]:
    """A profile for each way in which a store of ours signs in to a backend."""
    vault = {"address": "https://vault.example.com", "mount": "kv"}
    named = {"reader_secret": {"name": "reader", "namespace": "eso"}}
    aws = {"region": "eu-central-1", "reader_role": "arn:aws:iam::111122223333:role/reader"}
    gcp = {"project": "acme", "reader_account": "reader@acme.iam.gserviceaccount.com"}
    by_vault = {
        "kubernetes": {},
        "jwt": {"reader_mount": "k3s", "namespace": "team-a", "reader_ca": {"name": "ca"}},
        "approle": named,
        "token": {**named, "kv_version": 1},
    }
    found = {
        f"vault-{reader}": stored_in("vault", {**vault, "reader": reader, **more})
        for reader, more in by_vault.items()
    }
    for reader in ("universal-auth", "kubernetes-auth"):
        settings = {"project": "homelab", "reader": reader, "reader_ca": {"name": "ca"}}
        found[f"infisical-{reader}"] = stored_in("infisical", settings)
    for reader in ("irsa", "pod-identity", "static"):
        for service in ("secrets-manager", "parameter-store"):
            settings = {**aws, "reader": reader, "service": service}
            found[f"aws-{service}-{reader}"] = stored_in("aws", settings)
    for reader in ("workload-identity", "static"):
        found[f"gcp-{reader}"] = stored_in("gcp", {**gcp, "reader": reader})
    return found


def packaged(preset: str, packaging: str) -> Profile:
    """A preset in one of the packagings."""
    delivery: dict[str, Any] = {"as": packaging, "to": "directory"}
    if rendered.PACKAGINGS[packaging].spec.operator:
        delivery["repository"] = REPOSITORY
    return profile_of(preset, delivery=delivery)


def behind_a_proxy(profile: Profile) -> Profile:
    """The profile with a private CA and a proxy."""
    gitlab = profile.gitlab.model_copy(update={"proxy": "http://proxy.example.com:3128"})
    return profile.model_copy(update={"gitlab": gitlab.trusting("the certificates")})


def building(profile: Profile, builds: Strategy) -> Profile:
    """The profile with another way to build; Docker in Docker with all that may come with it."""
    mtu = 1400 if builds == "dind" else None
    strategy = profile.runners[0].builds.model_copy(update={"strategy": builds, "mtu": mtu})
    runners = [runner.model_copy(update={"builds": strategy}) for runner in profile.runners]
    return profile.model_copy(update={"runners": runners})


def of_chart(profile: Profile, chart_version: str, runner: str) -> Profile:
    """The profile pinned to a chart and to the runner that it brings."""
    manager = profile.manager.model_copy(update={"runner_version": runner})
    chart = profile.delivery.chart.model_copy(update={"version": chart_version})
    delivery = profile.delivery.model_copy(update={"chart": chart})
    return profile.model_copy(update={"manager": manager, "delivery": delivery})


def runner_version(version: str, preset: str = "homelab", **changes: Any) -> Profile:
    """A preset pinned to another runner, as plain manifests: any version has those."""
    pinned: dict[str, Any] = {
        "manager": {"runner_version": version},
        "delivery": {"as": "manifests", "to": "cluster"},
    }
    return profile_of(preset, **{**pinned, **changes})


def wanted(profile: Profile, kind: str, name: str = "") -> dict[str, Any]:
    """The one object of a kind (and name) that a profile wants, as plain data."""
    found = [m for m in manifests(profile) if m.kind == kind and name in {"", m.name}]
    assert len(found) == 1, [str(m.ref) for m in found]
    return as_data(found[0])


def as_data(manifest: Manifest) -> dict[str, Any]:
    return dict(manifest.body)


def file_of(profile: Profile, ending: str) -> str:
    """The content of the one file whose path ends so."""
    found = [file.content for file in files(profile) if file.path.endswith(ending)]
    assert len(found) == 1, ending
    return found[0]


def documents(profile: Profile) -> list[dict[str, Any]]:
    """Every Kubernetes object of every file, as a cluster would read it."""
    return [
        document
        for file in files(profile)
        if file.path.endswith(".yaml") and not file.path.endswith(_NO_OBJECTS)
        for document in yaml.load_all(file.content, Loader=yaml.CSafeLoader)
    ]


def said(profile: Profile) -> list[str]:
    """What `check` says of a profile: errors and warnings."""
    problems = Problems()
    check(profile, problems)
    return [str(problem) for problem in problems.found]


def _lay_over(data: dict[str, Any], changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(data.get(key), dict):
            _lay_over(data[key], value)
        else:
            data[key] = value
