"""Which kinds a cluster serves, and at which paths."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.core.errors import NotFoundError, NotReachedError, WizardError
from wizard.core.manifest import ObjectRef
from wizard.systems.kubernetes.api import Api
from wizard.systems.kubernetes.map_concurrently import map_concurrently
from wizard.systems.kubernetes.nouns import Json

_LISTED = ("list",)
"""The verbs of a kind that names none; every real one does."""
_OPERATORS = {
    "external-secrets.io": "External Secrets",
    "argoproj.io": "Argo CD",
    "kustomize.toolkit.fluxcd.io": "Flux",
    "helm.toolkit.fluxcd.io": "Flux",
    "source.toolkit.fluxcd.io": "Flux",
    "bitnami.com": "Sealed Secrets",
    "monitoring.coreos.com": "the Prometheus operator",
    "keda.sh": "KEDA",
    "cilium.io": "Cilium",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind is addressed."""

    root: str
    """`/api/v1` or `/apis/GROUP/VERSION`."""
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        """The path of an object, or of a collection; an empty namespace means all of them."""
        place = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{self.root}{place}/{self.plural}" + (f"/{name}" if name else "")


def root_of(api_version: str) -> str:
    """Where an API version lives on the server."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A namespaced kind whose objects can be listed."""

    api_version: str
    name: str
    kind: Kind


class Kinds:
    """The kinds a cluster serves, each API version asked for once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[str, dict[str, Kind]] = {}
        self._groups: dict[str, set[str]] | None = None

    def look_up(self, api_version: str, kind: str) -> Kind | None:
        """The kind, or None where the cluster does not serve it."""
        if api_version not in self._known:
            self._known[api_version] = self._ask(api_version)
        return self._known[api_version].get(kind)

    def of(self, ref: ObjectRef) -> Kind:
        """The kind of an object. Raises: NotFoundError, naming what has to be installed."""
        if found := self.look_up(ref.api_version, ref.kind):
            return found
        operator = _OPERATORS.get(ref.api_version.partition("/")[0])
        raise NotFoundError(
            f"The cluster does not know {ref.kind} of {ref.api_version}.",
            f"{root_of(ref.api_version)} at {self._api.server} has no such kind",
            f"Install or update {operator}, or choose a set-up that does without it"
            if operator
            else "Choose a set-up that does without it, or a newer cluster",
        )

    def listed(self) -> tuple[list[Listed], list[str]]:
        """Every namespaced kind that can be listed, and the API versions that did not answer.

        Of a group's versions the preferred one is asked, which shows the objects of all of them.
        Events are left out: they end by themselves and are no one's.
        """
        groups = self._api.get("/apis").get("groups") or ()
        versions = [
            "v1",
            *(f"{one['name']}/{one['preferredVersion']['version']}" for one in groups),
        ]
        found: list[Listed] = []
        silent: list[str] = []
        for version, answer in zip(
            versions, map_concurrently(self._resources, versions), strict=True
        ):
            if isinstance(answer, WizardError):
                silent.append(f"{version}: {answer.problem}")
                continue
            found += [
                Listed(version, one["kind"], Kind(root_of(version), one["name"], namespaced=True))
                for one in answer
                if one["namespaced"]
                and "list" in one.get("verbs", _LISTED)
                and one["kind"] != "Event"
            ]
        return found, silent

    def _resources(self, api_version: str) -> list[Json] | WizardError:
        try:
            return list(self._api.get(root_of(api_version)).get("resources") or ())
        except WizardError as error:
            return error

    def _lists(self, api_version: str) -> bool:
        """Whether the server itself lists an API version: one 404 by itself may be anyone's."""
        group, _, version = api_version.rpartition("/")
        if not group:
            return True  # the core, which every server has
        if self._groups is None:
            self._groups = {
                one["name"]: {named["version"] for named in one.get("versions") or ()}
                | {one["preferredVersion"]["version"]}
                for one in self._api.get("/apis")["groups"]
            }
        return version in self._groups.get(group, ())

    def path_of(self, ref: ObjectRef) -> str:
        """The path of one object. Raises: NotFoundError, as `of`."""
        return self.of(ref).path(ref.namespace, ref.name)

    def _ask(self, api_version: str) -> dict[str, Kind]:
        root = root_of(api_version)
        try:
            answer = self._api.get(root)
        except NotFoundError as missing:
            if self._lists(api_version):
                raise _contradicted(api_version, missing) from None
            return {}
        return {
            resource["kind"]: Kind(root, resource["name"], resource["namespaced"])
            for resource in answer["resources"]
            if "/" not in resource["name"]  # a subresource
        }


def _contradicted(api_version: str, missing: NotFoundError) -> NotReachedError:
    return NotReachedError(
        f"The cluster says that it does not serve {api_version}, which it has.",
        missing.cause,
        "Try again in a minute; if it persists, look at the API server and at proxies before it",
    )
