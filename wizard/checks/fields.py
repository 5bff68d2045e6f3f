"""Whether the operator in the cluster knows every field of the objects that are rendered for it.

External Secrets gets new fields with every release. An older one refuses them, and where files are
delivered, that is found out only after the commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.checks.connected import Connected
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.manifest import Manifest, ObjectRef
from wizard.core.shipped import operator_fields
from wizard.render import manifests

_GROUP = "external-secrets.io"


def of_external_secrets(connected: Connected) -> Iterator[Check]:
    """Each rendered field, looked for in the schema that the cluster serves."""
    for manifest in manifests(connected.profile):
        if manifest.ref.api_version.startswith(f"{_GROUP}/"):
            yield from _fields(connected, manifest)


def _fields(connected: Connected, manifest: Manifest) -> Iterator[Check]:
    plural = f"{manifest.kind.lower()}s.{_GROUP}"
    found = connected.object(
        ObjectRef("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", plural)
    )
    schema = _schema(found, manifest.ref.api_version.rpartition("/")[2])
    if not schema:
        return
    asked = f"External Secrets knows the fields of {manifest.ref}"
    spec = schema.get("properties", {}).get("spec", {})
    unknown = list(_unknown(manifest.body["spec"], spec, "spec"))
    if not unknown:
        yield Check(asked, Verdict.OK)
    for path in unknown:
        since = operator_fields().get(path.rpartition(".")[2], "")
        fix = f"Upgrade External Secrets to {since} or newer" if since else ""
        yield Check(
            asked,
            Verdict.FAIL,
            Finding(
                f"External Secrets is too old for {manifest.ref}.",
                f"its schema has no {path}",
                "the API server would refuse the object",
                fix or "Upgrade External Secrets",
            ),
        )


def _schema(definition: Mapping[str, Any] | None, version: str) -> Mapping[str, Any]:
    for one in ((definition or {}).get("spec") or {}).get("versions") or ():
        if one.get("name") == version:
            found: Mapping[str, Any] = (one.get("schema") or {}).get("openAPIV3Schema") or {}
            return found
    return {}


def _unknown(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    """Paths of the fields that a structural schema does not have."""
    if isinstance(value, list):
        for item in value:
            yield from _unknown(item, schema.get("items") or {}, path)
    known = schema.get("properties")
    if not isinstance(value, dict) or not known or _keeps_unknown(schema):
        return
    for key, inner in value.items():
        if key in known:
            yield from _unknown(inner, known[key], f"{path}.{key}")
        else:
            yield f"{path}.{key}"


def _keeps_unknown(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("x-kubernetes-preserve-unknown-fields"))
