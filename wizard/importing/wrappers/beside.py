"""What is given beside a set-up and says more about it: pipelines, Secrets' origin, namespaces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wizard.importing.release import Bundle, Doc, Said, entries, section
from wizard.importing.wrappers.common import CHART, metadata_aside

_KANIKO = re.compile(r"\S*kaniko\S*executor(?::(?P<tag>\S+))?")
_DIND = re.compile(r"(?:^|/)docker:\S*dind")
_PIPELINE_WORDS = frozenset({"stages", "include", "workflow", "default", "variables", "image"})
_SHARED_BY_ALL = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


@dataclass(slots=True)
class Beside:
    """What was found beside the releases."""

    secrets: dict[str, Any] = field(default_factory=dict)
    """The profile's `secrets`; empty where nothing says it."""
    secrets_at: str = ""
    namespaces: dict[str, Said] = field(default_factory=dict)
    """Namespaces that the given files make, with their place."""
    pipeline_images: list[Said] = field(default_factory=list)
    services: list[Said] = field(default_factory=list)
    chart_versions: dict[str, Said] = field(default_factory=dict)
    """The runner chart's version in a parent's Chart.yaml, by its name or alias there."""


def read_beside(bundle: Bundle) -> Beside:
    """Read every document that made no release."""
    found = Beside()
    for doc in bundle.docs:
        if not doc.used:
            for read in _READERS:
                if read(bundle, doc, found):
                    doc.used = True
                    break
    return found


def _namespace(bundle: Bundle, doc: Doc, found: Beside) -> bool:
    if doc.kind != "Namespace":
        return False
    found.namespaces[doc.name] = Said(doc.name, bundle.at(doc, "metadata", "name"))
    metadata_aside(bundle, doc)
    bundle.aside(doc, "spec", why="the object's own")
    return True


def _chart_file(bundle: Bundle, doc: Doc, found: Beside) -> bool:
    dependencies = entries(doc.data.get("dependencies"))
    if "apiVersion" not in doc.data or "name" not in doc.data or "kind" in doc.data:
        return False
    for index, one in enumerate(dependencies):
        if isinstance(one, Mapping) and one.get("name") == CHART:
            key = str(one.get("alias") or CHART)
            found.chart_versions[key] = bundle.said(doc, "dependencies", index, "version")
            bundle.carried(doc, "dependencies", index, "version", to="manager.runner_version")
    for key in doc.data:
        if key != "dependencies":
            bundle.aside(doc, key, why="the parent chart's own")
    for index, one in enumerate(dependencies):
        for key in one if isinstance(one, Mapping) else ():
            if not (one.get("name") == CHART and key == "version"):
                bundle.aside(doc, "dependencies", index, key, why="the parent chart's own")
    return True


def _external_secret(bundle: Bundle, doc: Doc, found: Beside) -> bool:
    if doc.group != "external-secrets.io" or doc.kind not in {
        "ExternalSecret",
        "ClusterExternalSecret",
    }:
        return False
    top = ("externalSecretSpec",) if doc.kind == "ClusterExternalSecret" else ()
    spec = section(doc.data, "spec", *top)
    reference = section(spec, "secretStoreRef")
    data = [one for one in entries(spec.get("data")) if isinstance(one, Mapping)]
    remote = section(data[0], "remoteRef") if data else {}
    if not remote:
        remote = section({"one": next(iter(entries(spec.get("dataFrom"))), {})}, "one", "extract")
    metadata_aside(bundle, doc)
    bundle.ours(doc, "spec", why="the wizard writes an ExternalSecret of its own")
    if not reference.get("name") or not remote.get("key"):
        return True
    if not _is_the_token(doc, data, bundle):
        bundle.aside(doc, "spec", why="another Secret than the runner's token")
        return True
    store = {"kind": str(reference.get("kind") or "SecretStore"), "name": str(reference["name"])}
    found.secrets_at = bundle.at(doc, "spec", *top, "secretStoreRef")
    found.secrets = _of_store(bundle, store, remote) | {"store": store}
    for key in ("name", "kind"):
        bundle.carried(doc, "spec", *top, "secretStoreRef", key, to="secrets.store")
    return True


def _is_the_token(doc: Doc, data: list[Mapping[str, Any]], bundle: Bundle) -> bool:
    """Whether it makes the Secret that a runner's values name, or one that is called like it."""
    target = str(section(doc.data, "spec", "target").get("name") or doc.name)
    named = {str(one.values.get("runners", "secret")) for one in bundle.made}
    keys = {str(one.get("secretKey")) for one in data}
    return target in named or bool({"runner-token", "runner-registration-token"} & keys)


def _of_store(
    bundle: Bundle, store: Mapping[str, str], remote: Mapping[str, Any]
) -> dict[str, Any]:
    """The backend behind a store, where that was given too; else a store of the user's own."""
    key, part = str(remote["key"]), remote.get("property")
    own: dict[str, Any] = {"key": key, **({"property": str(part)} if part else {})}
    for doc in bundle.kinds(store["kind"]):
        if doc.name != store["name"]:
            continue
        doc.used = True
        metadata_aside(bundle, doc)
        provider = section(doc.data, "spec", "provider")
        bundle.left(doc, "spec", why="the store stays as it is; the profile names it")
        for name, read in _PROVIDERS.items():
            if settings := read(section(provider, name), key):
                bundle.carried(doc, "spec", "provider", name, to=f"secrets.{settings[0]}")
                return {"backend": settings[0], settings[0]: settings[1]}
    return {"backend": "existing-store", "existing_store": own}


def _infisical(provider: Mapping[str, Any], key: str) -> tuple[str, dict[str, Any]] | None:
    scope = section(provider, "secretsScope")
    if not scope.get("projectSlug"):
        return None
    found = {"host": provider.get("hostAPI"), "project": scope.get("projectSlug")}
    found |= {"environment": scope.get("environmentSlug"), "path": scope.get("secretsPath")}
    if found["host"]:
        found["host"] = str(found["host"]).rstrip("/").removesuffix("/api")
    if "/" in key.strip("/"):
        found["path"] = "/" + key.strip("/").rpartition("/")[0]
    return "infisical", {name: str(value) for name, value in found.items() if value}


def _vault(provider: Mapping[str, Any], key: str) -> tuple[str, dict[str, Any]] | None:
    if not provider.get("server"):
        return None
    found: dict[str, Any] = {"address": str(provider["server"])}
    if provider.get("path"):
        found["mount"] = str(provider["path"])
    if folder := key.strip("/").rpartition("/")[0]:
        found["path"] = folder
    return "vault", found


def _aws(provider: Mapping[str, Any], key: str) -> tuple[str, dict[str, Any]] | None:
    if not provider.get("region"):
        return None
    found: dict[str, Any] = {"region": str(provider["region"])}
    if str(provider.get("service")) == "ParameterStore":
        found["service"] = "parameter-store"
    if folder := key.strip("/").rpartition("/")[0]:
        found["path"] = folder
    return "aws", found


def _gcp(provider: Mapping[str, Any], _key: str) -> tuple[str, dict[str, Any]] | None:
    project = provider.get("projectID")
    return ("gcp", {"project": str(project)}) if project else None


_PROVIDERS = {"infisical": _infisical, "vault": _vault, "aws": _aws, "gcpsm": _gcp}


def _sealed_secret(bundle: Bundle, doc: Doc, found: Beside) -> bool:
    if doc.kind != "SealedSecret":
        return False
    metadata_aside(bundle, doc)
    bundle.left(doc, "spec", why="a sealed Secret: its content cannot be read, and is not copied")
    named = {str(one.values.get("runners", "secret")) for one in bundle.made}
    if doc.name in named and not found.secrets:
        found.secrets, found.secrets_at = {"backend": "sealed-secrets"}, bundle.at(doc, "kind")
    return True


def _secret(bundle: Bundle, doc: Doc, _found: Beside) -> bool:
    if doc.kind != "Secret":
        return False
    metadata_aside(bundle, doc)
    for part in ("data", "stringData"):
        bundle.left(doc, part, why="a Secret is never copied", told=True)
    bundle.aside(doc, "type", why="what the object is")
    held = list(section(doc.data, "data")) + list(section(doc.data, "stringData"))
    bundle.report.opens(
        f"the Secret {doc.name} is among the files",
        bundle.at(doc, "kind"),
        "everyone who can read the file has it: base64 hides nothing",
        f"Change what it holds ({', '.join(held[:5])}) if the file was ever in Git: it was not "
        "copied",
    )
    return True


def _pipeline(bundle: Bundle, doc: Doc, found: Beside) -> bool:
    if "apiVersion" in doc.data or ("services" in doc.data and "version" in doc.data):
        return False
    jobs = [
        (key, job) for key, job in doc.data.items() if isinstance(job, Mapping) and "script" in job
    ]
    is_named = doc.file.endswith(".gitlab-ci.yml")
    if not is_named and not (jobs and _PIPELINE_WORDS & doc.data.keys()):
        return False
    bundle.aside(doc, why="a pipeline: its jobs run on the runner")
    for key, job in [*jobs, ("default", section(doc.data, "default")), ("", doc.data)]:
        for said in _images(bundle, doc, key, job, "image"):
            found.pipeline_images.append(said)
        for said in _images(bundle, doc, key, job, "services"):
            found.services.append(said)
    _tell_pipeline(bundle, found)
    return True


def _images(
    bundle: Bundle, doc: Doc, key: str, job: Mapping[str, Any], part: str
) -> Iterator[Said]:
    given = job.get(part)
    for one in given if isinstance(given, list) else [given]:
        name = one.get("name") if isinstance(one, Mapping) else one
        if isinstance(name, str):
            yield Said(name, bundle.at(doc, *([key] if key else []), part))


def _tell_pipeline(bundle: Bundle, found: Beside) -> None:
    for said in found.pipeline_images:
        kaniko = _KANIKO.search(said.text)
        if not kaniko:
            continue
        no_shell = "debug" not in (kaniko["tag"] or "")
        shell = "; this image has no shell, so a job's script cannot run in it" if no_shell else ""
        if "gcr.io/kaniko-project" in said.text or no_shell:
            bundle.report.breaks(
                f"the pipeline builds with {said.text}",
                said.at,
                f"Google archived Kaniko in June 2025{shell}",
                "Use the image of the example pipeline for builds: kaniko, a maintained fork",
            )


def _others(bundle: Bundle, doc: Doc, _found: Beside) -> bool:
    if doc.kind in _SHARED_BY_ALL:
        bundle.ours(doc, why="the wizard writes accounts and rights itself")
        return True
    if doc.kind and bundle.made:
        bundle.aside(doc, why=f"a {doc.kind}")
        return True
    return False


_READERS = (
    _namespace,
    _chart_file,
    _external_secret,
    _sealed_secret,
    _secret,
    _pipeline,
    _others,
)


def builds_with(found: Beside) -> str:
    """The strategy that the pipelines use; empty where they do not say."""
    if any(_KANIKO.search(said.text) for said in found.pipeline_images):
        return "kaniko"
    if any(_DIND.search(said.text) for said in found.services):
        return "dind"
    return ""
