"""Runner managers that somebody else set up here, and the configuration they were made of."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wizard.core.errors import NotAllowedError, NotFoundError
from wizard.systems.kubernetes.api import Api
from wizard.systems.kubernetes.nouns import Json, RunningSetup, SetupText
from wizard.systems.kubernetes.owners import by_wizard

_IMAGE = re.compile(r"(?:^|/)gitlab-runner(?::(?P<tag>[\w.-]+))?(?:@.*)?$")
_HELM = "meta.helm.sh/release-"
_TRACKED = "argocd.argoproj.io/tracking-id"
_INSTANCES = ("argocd.argoproj.io/instance", "app.kubernetes.io/instance")
_APPLICATIONS = "/apis/argoproj.io/v1alpha1/applications"
_CONFIGS = ("config.toml", "config.template.toml")
"""Keys of a ConfigMap: the manager's own settings, and the tables of its runners."""


def find_setups(api: Api) -> list[RunningSetup]:
    """Every Deployment of a runner manager that is not ours. Raises: WizardError."""
    return [found for body in api.pages("/apis/apps/v1/deployments") for found in _setup(body)]


def read_setup(api: Api, setup: RunningSetup) -> SetupText:
    """What a manager was made of: its Application, its Helm release, its ConfigMap or its pod.

    Raises: NotFoundError, where its configuration stands in none of them; WizardError.
    """
    body = api.get(f"/apis/apps/v1/namespaces/{setup.namespace}/deployments/{setup.name}")
    for look in (_application, _release, _config, _deployment):
        if found := look(api, body):
            return found
    raise NotFoundError(
        f"The configuration of {setup.namespace}/{setup.name} cannot be found.",
        "no Application of Argo CD, no release of Helm and no ConfigMap of it can be read, and no "
        "variable of its pod says what it does",
        "Name its values.yaml or config.toml in its place",
    )


def _setup(body: Json) -> Iterator[RunningSetup]:
    metadata = body["metadata"]
    if by_wizard(body):
        return
    for container in _pod_spec(body).get("containers") or ():
        if image := _IMAGE.search(container.get("image") or ""):
            yield RunningSetup(metadata["namespace"], metadata["name"], image["tag"] or "")
            return


def _application(api: Api, body: Json) -> SetupText | None:
    metadata = body["metadata"]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    names = {str(annotations.get(_TRACKED, "")).partition(":")[0]}
    names |= {str(labels.get(label, "")) for label in _INSTANCES}
    if not names - {""}:
        return None
    try:
        applications = list(api.pages(_APPLICATIONS))
    except (NotFoundError, NotAllowedError):
        return None  # there is no Argo CD, or it is not ours to look into
    for one in applications:
        own = one["metadata"]
        if own["name"] in names:
            manifest: Json = {"metadata": {key: own.get(key) for key in ("name", "namespace")}}
            manifest |= {"kind": "Application", "spec": one.get("spec") or {}}
            named = f"Application {own.get('namespace')}/{own['name']}"
            return SetupText("application", named, json.dumps(manifest))
    return None


def _release(api: Api, body: Json) -> SetupText | None:
    annotations = body["metadata"].get("annotations") or {}
    name, namespace = (annotations.get(f"{_HELM}{part}") for part in ("name", "namespace"))
    if not name or not namespace:
        return None
    wanted = {"labelSelector": f"owner=helm,name={name},status=deployed"}
    try:
        secrets = list(api.pages(f"/api/v1/namespaces/{namespace}/secrets", wanted))
    except NotAllowedError:
        return None
    for secret in secrets:
        release = _unpacked((secret.get("data") or {}).get("release", ""))
        if release:
            return SetupText(
                "values",
                f"Helm release {namespace}/{name}",
                json.dumps(release.get("config") or {}),
                chart=str(release["chart"]["metadata"]["version"]).removeprefix("v"),
                release=name,
                namespace=namespace,
            )
    return None


def _unpacked(stored: str) -> Mapping[str, Any] | None:
    """A release as Helm 3 stores it: JSON, gzipped, base64; the Secret encodes that once more."""
    try:
        release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(stored))))
        release["chart"]["metadata"]["version"]
    except (ValueError, OSError, EOFError, LookupError, TypeError):
        return None
    return dict(release)


def _config(api: Api, body: Json) -> SetupText | None:
    namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
    for config_map in _mounted(_pod_spec(body).get("volumes") or ()):
        try:
            data = api.get(f"/api/v1/namespaces/{namespace}/configmaps/{config_map}").get("data")
        except (NotFoundError, NotAllowedError):
            continue  # the next one may say it
        parts = [str((data or {}).get(key, "")) for key in _CONFIGS]
        if any(part.strip() for part in parts):
            named = f"ConfigMap {namespace}/{config_map}, config.toml"
            text = "\n".join(parts)
            return SetupText("config", named, text, release=name, namespace=namespace)
    return None


def _deployment(_: Api, body: Json) -> SetupText | None:
    """The Deployment itself, where variables of its container are what `register` was given."""
    containers = _pod_spec(body).get("containers") or ()
    variables = {one.get("name") for container in containers for one in container.get("env") or ()}
    if not {"CI_SERVER_URL", "KUBERNETES_IMAGE"} & variables:
        return None
    namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
    kept = {key: body["metadata"].get(key) for key in ("name", "namespace")}
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": kept,
        "spec": body["spec"],
    }
    return SetupText("deployment", f"Deployment {namespace}/{name}", json.dumps(manifest))


def _pod_spec(body: Json) -> Json:
    template = (body.get("spec") or {}).get("template") or {}
    found: Json = template.get("spec") or {}
    return found


def _mounted(volumes: Iterable[Json]) -> Iterator[str]:
    """The ConfigMaps among a pod's volumes, also where several sources make one."""
    for volume in volumes:
        for source in (volume, *((volume.get("projected") or {}).get("sources") or ())):
            if named := (source.get("configMap") or {}).get("name"):
                yield named
