"""The profile: one YAML file, the whole wish, no secret in it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from wizard.profile.delivery import Delivery, GitLabServer, Images, Manager, TargetCluster
from wizard.profile.network import NetworkRules
from wizard.profile.runner import Runner
from wizard.profile.secrets import Secrets
from wizard.profile.types import Matching, RunnerName, Section, option

CURRENT_VERSION = 1
_LABEL = 63
"""The longest name of a namespace (RFC 1123)."""


def _id_as_text(value: object) -> object:
    # `id: 00012345` without quotes is a number to YAML; its eight digits are known all the same.
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:08d}"
    return value


ProfileId = Annotated[
    str, BeforeValidator(_id_as_text), Matching(r"[0-9a-f]{8}", "an id of eight hex digits")
]


class Profile(Section):
    """Everything the user wants, for one or many runners of one cluster."""

    version: int = Field(
        CURRENT_VERSION, ge=1, le=CURRENT_VERSION, description="The file's format."
    )
    id: ProfileId | None = option(
        None,
        "Eight hex digits, made once by init; by it everything of this profile is found again.",
    )
    name: RunnerName = option(..., "A name for the whole, at most 39 characters.")
    gitlab: GitLabServer = option(GitLabServer(), "The GitLab that the runners work for.")
    defaults: dict[str, Any] = option({}, "What every runner below inherits.")
    runners: list[Runner] = Field(
        min_length=1, description="One or many; each is its own release, with its token and tags."
    )
    secrets: Secrets = option(Secrets(), "Where the tokens are kept.")
    manager: Manager = option(Manager(), "The pods that ask GitLab for jobs.")
    cluster: TargetCluster = option(TargetCluster(), "The cluster and its namespaces.")
    network: NetworkRules = option(NetworkRules(), "What pods may reach, and who reaches them.")
    images: Images = option(Images(), "Where images come from.")
    delivery: Delivery = option(Delivery(), "How the runner is expressed, and where that goes.")

    @property
    def shared(self) -> str:
        """The name under which everything stands that all its runners share."""
        return f"gitlab-runner-{self.name}-shared"

    @property
    def delivered_names(self) -> tuple[str, ...]:
        """What an operator calls the parts of the delivery: what is shared, then each runner's."""
        return (self.shared, *(runner.release for runner in self.runners))

    @property
    def reader_account(self) -> str:
        """The ServiceAccount with which a store signs in to its backend, where it needs one."""
        return f"{self.shared}-reader"

    def job_namespace(self, runner: Runner) -> str:
        """Where the runner's jobs run.

        Where the wizard makes the namespaces, jobs that may do anything to a node are kept apart
        from those that may not: the namespace's level counts for all that run in it.
        """
        if runner.job_namespace:
            return runner.job_namespace
        shared = self.cluster.job_namespace
        if self.cluster.namespaces == "existing" or runner.security_level != "privileged":
            return shared
        spec = runner.builds.spec
        suffix = spec.name if spec.level == "privileged" else "privileged"
        return f"{shared[: _LABEL - len(suffix) - 1].rstrip('-')}-{suffix}"

    @property
    def job_namespaces(self) -> tuple[str, ...]:
        """The namespaces of all job pods, each once."""
        return tuple(dict.fromkeys(map(self.job_namespace, self.runners)))

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Every namespace in which it has something, the managers' first."""
        return tuple(dict.fromkeys((self.cluster.namespace, *self.job_namespaces)))

    def makes(self, namespace: str) -> bool:
        """Whether a namespace is rendered, so that it is made where it is not there."""
        cluster = self.cluster
        return cluster.namespaces == "create" and namespace not in cluster.existing_namespaces

    def runner(self, name: str) -> Runner:
        """The runner of that name. Raises: KeyError."""
        for runner in self.runners:
            if runner.name == name:
                return runner
        raise KeyError(name)

    def is_shared(self, runner: Runner) -> bool:
        """Whether jobs of projects that may not trust each other meet on the runner's nodes."""
        if runner.scope.kind != "project":
            return True
        return len({one.scope.path for one in self.runners}) > 1

    def token_file(self, runner: Runner) -> str:
        """Where the runner's encrypted token stands among the files; empty where none does."""
        if not self.secrets.in_files:
            return ""
        return self.delivery.path("manifests_path", f"{runner.release}/token.yaml")

    def marker(self, runner: Runner) -> str:
        """What the runner's description in GitLab ends with, so that it is found again."""
        return f"[rw:{self.id or 'id to come'}/{runner.name}]"
