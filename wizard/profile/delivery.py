"""The cluster, the images, the manager, and how and where everything is delivered."""

from __future__ import annotations

import posixpath
import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr

from wizard.profile.packagings import PACKAGINGS
from wizard.profile.packagings.argocd import ArgoCd
from wizard.profile.packagings.flux import Flux
from wizard.profile.packagings.spec import PackagingName, PackagingSpec
from wizard.profile.runner import CpuShare, MemoryShare, Resources, Toleration
from wizard.profile.targets import TARGETS, TargetName, TargetSpec
from wizard.profile.types import (
    Architecture,
    DnsLabel,
    FilePath,
    ImageRef,
    IpAddress,
    Labels,
    Matching,
    Network,
    NoProxyHost,
    ObjectName,
    Seconds,
    Section,
    Text,
    Url,
    Version,
    option,
)

_LONGEST_NAME = 255
"""Bytes of a file's name, on all of today's file systems."""


def _folder(path: str) -> str:
    """A path as short as can be: `./apps` and `a//b/` are `apps` and `a/b`."""
    plain = posixpath.normpath(path)
    parts = plain.split("/")
    if any(part.lower() == ".git" for part in parts):
        raise ValueError(f"{path!r} is Git's own folder")
    if any(len(part.encode()) > _LONGEST_NAME for part in parts):
        raise ValueError(f"a name in it is longer than {_LONGEST_NAME} bytes")
    return plain


def _composed(path: object) -> object:
    """Letters with marks as one character each, as Git keeps them: a Mac may take them apart."""
    return unicodedata.normalize("NFC", path) if isinstance(path, str) else path


_Folder = Annotated[
    str,
    BeforeValidator(_composed),
    Matching(
        r"(?!/)(?!(?:.*/)?\.\.(?:/|$))[\w./ -]+", "a folder of the repository, such as argocd-apps"
    ),
    AfterValidator(_folder),
]
# Roughly what `git check-ref-format --branch` takes; nothing that a shell or YAML could misread.
_Branch = Annotated[
    str,
    Matching(
        r"(?![-/.])(?!.*(?:\.\.|//|@\{|/\.|\.lock(?:/|$)))[^\s\x00-\x20\x7f-\xa0~^:?*\[\\]+(?<![/.])",
        "the name of a branch",
    ),
]
_GitUrl = Annotated[
    str,
    Matching(
        r"https?://[^\s@]+|ssh://\S+|[\w.-]+@[\w.-]+:\S+",
        "a Git address without credentials; write for example https://gitlab.com/acme/gitops.git",
    ),
]


class HostAlias(Section):
    """Names that stand for an address in pods, where no name server knows them."""

    ip: IpAddress = option(..., "The address.")
    hostnames: Annotated[list[NoProxyHost], Field(min_length=1)] = option(
        ..., "The names, such as git.home.example."
    )


class GitLabServer(Section):
    """The GitLab that the runners work for."""

    url: Url = option("https://gitlab.com", "GitLab's address, as it is in the browser.")
    allow_http: bool = option(False, "Whether the token may be sent to an http:// address.")
    ca_file: FilePath | None = option(
        None, "A private CA, in PEM, relative to the profile; it reaches manager, helper and jobs."
    )
    proxy: Url | None = option(None, "An HTTP proxy, for the manager and the jobs.")
    no_proxy: list[NoProxyHost] = option(
        [], "Hosts and networks that need no proxy, besides what is in the cluster."
    )
    host_aliases: list[HostAlias] = option(
        [], "Names and addresses for /etc/hosts of managers and jobs, where the DNS has none."
    )
    _authority: str = PrivateAttr("")

    @property
    def authority(self) -> str:
        """The private CA's certificates, in PEM, as `load` read them; empty without `ca_file`."""
        return self._authority

    def trusting(self, certificates: str) -> GitLabServer:
        """The same server, with the certificates that are in its `ca_file`."""
        copy = self.model_copy()
        copy._authority = certificates  # noqa: SLF001 - its own copy
        return copy


class Manager(Resources):
    """The runner manager: the pod that asks GitLab for jobs. It uses little itself."""

    runner_version: Version = option("19.3.1", "GitLab Runner's version; the chart's follows.")
    flavor: Literal["alpine", "ubuntu"] = option(
        "alpine",
        "Which image of it.",
        alpine="the small one; user 100",
        ubuntu="the large one; user 999",
    )
    replicas: Annotated[int, Field(ge=1, le=10, strict=True)] = option(
        1, "How many managers each runner has, on nodes apart; they share its jobs at once."
    )
    cpu: CpuShare = option(CpuShare(request="100m"), "CPU of the manager; no limit by default.")
    memory: MemoryShare = option(
        MemoryShare(request="128Mi", limit="256Mi"), "Memory of the manager."
    )
    ephemeral_storage: MemoryShare = option(
        MemoryShare(request="64Mi", limit="1Gi"), "Disk of the manager: its logs and little else."
    )
    drain: Seconds = option(
        3600, "How long a manager that is replaced may wait for its running jobs."
    )
    check_interval: Seconds = option(3, "Seconds between two questions for jobs.")
    log_level: Literal["debug", "info", "warn", "error"] = option("info", "How much it logs.")
    log_format: Literal["json", "text"] = option("json", "How its log is written.")
    node_selector: Labels = option({}, "Only nodes with all these labels run the manager.")
    tolerations: list[Toleration] = option([], "Taints that the manager tolerates.")
    priority_class: ObjectName | None = option(None, "The priority class of the manager's pod.")
    image_pull_secrets: list[ObjectName] = option(
        [], "Secrets of the manager's namespace with which its image is pulled."
    )


class TargetCluster(Section):
    """The cluster, and the namespaces in it."""

    context: Text | None = option(None, "The kubeconfig context; headless apply needs it or uid.")
    uid: Text | None = option(
        None, "The uid of its namespace kube-system; filled in, so that no other is touched."
    )
    namespace: DnsLabel = option("gitlab-runner", "The namespace of the runner managers.")
    job_namespace: DnsLabel = option(
        "gitlab-runner-jobs",
        "The namespace of the job pods; runners that need the level privileged get one of their "
        "own beside it, unless they name another.",
    )
    namespaces: Literal["create", "existing"] = option(
        "create",
        "Whose the namespaces are.",
        create="made where they are not there; one that was there stays as it is",
        existing="made and labelled by others; nothing is asked for in the whole cluster",
    )
    existing_namespaces: list[DnsLabel] = option(
        [],
        "Namespaces that were there before: no file makes or changes them; filled in where files "
        "are delivered and the cluster can be seen.",
    )
    platform: Literal["kubernetes", "openshift"] = option(
        "kubernetes",
        "What kind of cluster it is; filled in where it is an OpenShift.",
        kubernetes="pods run as the users that we name",
        openshift="pods run as users that the cluster gives their namespace",
    )
    architectures: list[Architecture] = option(
        ["amd64"], "The architectures of its nodes; filled in from the cluster."
    )
    service_cidrs: list[Network] = option(
        [], "The ranges of its services, which need no proxy; filled in where the cluster says."
    )
    pod_cidrs: list[Network] = option(
        [], "The ranges of its pods, which need no proxy; filled in where the cluster says."
    )
    api_server: list[Network] = option(
        [], "Where the API server listens, so that network policies can keep jobs from it."
    )


class Images(Section):
    """Where images come from."""

    registry: ImageRef | None = option(
        None, "A registry that mirrors everything; every image is rewritten to it."
    )
    mirrors: dict[Text, ImageRef] = option({}, "Mirrors by source registry, such as docker.io.")
    pull_policy: Literal["auto", "if-not-present", "always", "never"] = option(
        "auto",
        "When nodes pull images.",
        auto="at every job of a runner that several projects use, else once a node",
        if_not_present="once a node; for runners of one trusted project",
        always="at every job; where projects that may not see each other share nodes",
        never="only what the nodes have already",
    )


class Repository(Section):
    """The Git repository that Argo CD or Flux reads."""

    url: _GitUrl = option(..., "Its address, as the cluster reaches it.")
    branch: _Branch = option("main", "The branch that is synced.")
    apps_path: _Folder = option(
        "argocd-apps", "The folder of what the operator reads: Applications, or Kustomizations."
    )
    manifests_path: _Folder = option("manifests", "The folder of the manifests.")


class Chart(Section):
    """GitLab's Helm chart."""

    version: Version | None = option(None, "The chart's version; none: the one of runner_version.")
    repository: Text = option("https://charts.gitlab.io", "Where it is, or a mirror of it.")


class Delivery(Section):
    """How the runner is expressed, and where that goes."""

    packaging: PackagingName = option(
        "manifests",
        "How the runner is expressed.",
        alias="as",
        **{spec.name: spec.about for spec in PACKAGINGS.values()},
    )
    target: TargetName = option(
        "cluster",
        "Where it goes.",
        alias="to",
        **{spec.name.replace("-", "_"): spec.about for spec in TARGETS.values()},
    )
    directory: FilePath = option("./gitops", "The folder of the files, relative to the profile.")
    repository: Repository | None = option(None, "The Git repository that is synced.")
    argocd: ArgoCd = option(ArgoCd(), "How Argo CD is set up.")
    flux: Flux = option(Flux(), "How Flux is set up.")
    chart: Chart = option(Chart(), "GitLab's Helm chart.")

    @property
    def spec(self) -> PackagingSpec:
        """What is known of the chosen packaging."""
        return PACKAGINGS[self.packaging]

    @property
    def writes_files(self) -> bool:
        """Whether files are delivered; otherwise the wizard applies the objects itself."""
        return self.goes.writes_files

    @property
    def goes(self) -> TargetSpec:
        """What is known of the chosen target."""
        return TARGETS[self.target]

    def folder(self, field: Literal["apps_path", "manifests_path"]) -> str:
        """A folder of the repository, relative to the directory; `.` for the directory itself."""
        default = Repository.model_fields[field].default
        return str(getattr(self.repository, field) if self.repository else default)

    def path(self, field: Literal["apps_path", "manifests_path"], below: str) -> str:
        """What is below one of those folders, relative to the directory."""
        return posixpath.normpath(f"{self.folder(field)}/{below}")
