"""Runner managers that someone else set up here, and the configuration they were made of."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from wizard.core.errors import NotAllowedError, NotFoundError
from wizard.systems.kubernetes.api import Api
from wizard.systems.kubernetes.nouns import Json, RunningSetup, SetupText
from wizard.systems.kubernetes.owners import by_wizard

_IMAGE = re.compile(r"(?:^|/)gitlab-runner(?:-ocp)?(?::(?P<tag>[\w.-]+))?(?:@.*)?$")
_HELM = "meta.helm.sh/release-"
_TRACKED = "argocd.argoproj.io/tracking-id"
_INSTANCES = ("argocd.argoproj.io/instance", "app.kubernetes.io/instance")
_APPLICATIONS = "/apis/argoproj.io/v1alpha1/applications"
_CHART = "gitlab-runner"
_CONFIGS = ("config.toml", "config.template.toml")
"""Keys of a ConfigMap: the manager's own settings, and the tables of its runners."""
_Source = tuple[Literal["ConfigMap", "Secret"], str]
"""What a pod mounts: its kind and name."""


def find_setups(api: Api) -> list[RunningSetup]:
    """Every Deployment of a runner manager that is not ours. Raises: WizardError."""
    return [found for body in api.pages("/apis/apps/v1/deployments") for found in _setup(body)]


def read_setup(api: Api, setup: RunningSetup) -> SetupText:
    """What a manager was made of: its Application, its Helm release, or its own objects.

    Raises: NotFoundError, where its configuration is in none of them; WizardError.
    """
    body = api.get(f"/apis/apps/v1/namespaces/{setup.namespace}/deployments/{setup.name}")
    for look in (_application, _release, _objects):
        if found := look(api, body):
            return found
    raise NotFoundError(
        f"The configuration of {setup.namespace}/{setup.name} was not found.",
        "no Argo CD Application, Helm release or ConfigMap of it can be read, and its pod has no "
        "variables that set it up",
        "Give its values.yaml or config.toml: init --from FILE",
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
    namespace = metadata["namespace"]
    for one in applications:
        own = one["metadata"]
        if own["name"] in names and _sets_up(one.get("spec") or {}, namespace):
            manifest: Json = {"metadata": {key: own.get(key) for key in ("name", "namespace")}}
            manifest |= {"kind": "Application", "spec": one.get("spec") or {}}
            named = f"Application {own.get('namespace')}/{own['name']}"
            return SetupText("application", named, json.dumps(manifest))
    return None


def _sets_up(spec: Json, namespace: str) -> bool:
    """Whether an Application itself says how it sets up what is in a namespace.

    Values that it takes from Git are not in the cluster: there its objects say more.
    """
    goes_to = (spec.get("destination") or {}).get("namespace") or namespace
    sources = [spec.get("source") or {}, *(spec.get("sources") or ())]
    helm = [one.get("helm") or {} for one in sources]
    from_git = any(one.get("valueFiles") for one in helm)
    inline = any(one.get(key) for one in helm for key in ("values", "valuesObject", "parameters"))
    of_chart = any(str(one.get("chart") or "").endswith(_CHART) for one in sources)
    return goes_to == namespace and not from_git and (inline or of_chart)


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
                chart=_version(release["chart"]["metadata"]),
                release=name,
                namespace=namespace,
            )
    return None


def _version(chart: Mapping[str, Any]) -> str:
    """The version of the runner's chart, also where another chart brings it along."""
    charts = [chart, *(chart.get("dependencies") or ())]
    own = [one for one in charts if one.get("name") in (_CHART, None)]
    return str((own or [{}])[0].get("version") or "").removeprefix("v")


def _unpacked(stored: str) -> Mapping[str, Any] | None:
    """A release as Helm 3 stores it: JSON, gzipped, base64; the Secret encodes that once more."""
    try:
        release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(stored))))
        release["chart"]["metadata"]["version"]
    except (ValueError, OSError, EOFError, LookupError, TypeError):
        return None
    return dict(release)


def _objects(api: Api, body: Json) -> SetupText | None:
    """The Deployment, with the ConfigMap or Secret that it mounts its configuration from."""
    namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
    mounted = _mounted(_pod_spec(body).get("volumes") or ())
    config = next(filter(None, (_config(api, namespace, one) for one in mounted)), None)
    if not config and not _has_variables(body):
        return None
    named = f"Deployment {namespace}/{name}"
    items = [_kept(body, "apps/v1", "Deployment", ("spec",))]
    if config:
        named = f"{config['kind']} {namespace}/{config['metadata']['name']} and {named}"
        items.insert(0, config)
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    return SetupText("objects", named, text)


def _config(api: Api, namespace: str, source: _Source) -> Json | None:
    """An object that holds config.toml; None where it holds none, or may not be read."""
    kind, name = source
    try:
        found = api.get(f"/api/v1/namespaces/{namespace}/{kind.lower()}s/{name}")
    except (NotFoundError, NotAllowedError):
        return None  # another one may say it
    data = found.get("data") or {}
    if not any(str(data.get(key, "")).strip() for key in _CONFIGS):
        return None
    return _kept(found, "v1", kind, ("data",))


def _kept(body: Json, version: str, kind: str, parts: tuple[str, ...]) -> Json:
    """What its author wrote of an object, without what the API server adds."""
    metadata = {key: body["metadata"].get(key) for key in ("name", "namespace")}
    found: Json = {"apiVersion": version, "kind": kind, "metadata": metadata}
    return found | {part: body[part] for part in parts}


def _has_variables(body: Json) -> bool:
    """Whether variables of its container are what `register` is given."""
    containers = _pod_spec(body).get("containers") or ()
    names = {one.get("name") for container in containers for one in container.get("env") or ()}
    return bool({"CI_SERVER_URL", "KUBERNETES_IMAGE"} & names)


def _pod_spec(body: Json) -> Json:
    template = (body.get("spec") or {}).get("template") or {}
    found: Json = template.get("spec") or {}
    return found


def _mounted(volumes: Iterable[Json]) -> list[_Source]:
    """What a pod mounts, also where several sources make one volume; Secrets last."""
    found: list[_Source] = []
    for volume in volumes:
        for source in (volume, *((volume.get("projected") or {}).get("sources") or ())):
            secret = source.get("secret") or {}
            if name := (source.get("configMap") or {}).get("name"):
                found.append(("ConfigMap", name))
            if name := secret.get("secretName") or secret.get("name"):
                found.append(("Secret", name))
    return sorted(found, key=lambda one: one[0])
