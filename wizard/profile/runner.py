"""One runner: where it belongs in GitLab, which jobs it takes, and what a job may use."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from wizard.core.secrets import excerpt
from wizard.profile.strategies import STRATEGIES, SecurityLevel, Strategy, StrategySpec
from wizard.profile.types import (
    Count,
    Cpu,
    DnsLabel,
    ImageRef,
    LabelKey,
    Labels,
    LabelValue,
    Matching,
    Memory,
    ObjectName,
    RunnerName,
    Seconds,
    Section,
    Tag,
    Text,
    option,
)

_GroupPath = Annotated[str, Matching(r"[\w.-]+(?:/[\w.-]+)*", "a group's path, such as acme/team")]
_ProjectPath = Annotated[
    str, Matching(r"[\w.-]+(?:/[\w.-]+)+", "a project's full path, such as acme/homelab")
]
_SHARES = frozenset({"cpu", "memory", "ephemeral_storage"})
_Id = Annotated[int, Field(ge=1, strict=True)]


class RunnerScope(Section):
    """Where the runner is offered: exactly one of a project, a group, or the whole instance."""

    project: _ProjectPath | _Id | None = option(
        None, "The project, by its path (acme/homelab) or its numeric id."
    )
    group: _GroupPath | _Id | None = option(None, "The group, by its path or its numeric id.")
    instance: bool = option(False, "Offered to every project; needs an administrator's token.")

    @model_validator(mode="before")
    @classmethod
    def _instance_may_be_a_word(cls, value: Any) -> Any:
        if isinstance(value, str) and value != "instance":
            raise ValueError(
                f"{excerpt(value, 80)!r} does not say what it is; write {{project: PATH}}, "
                "{group: PATH} or the word instance"
            )
        return {"instance": True} if value == "instance" else value

    @model_validator(mode="after")
    def _exactly_one(self) -> RunnerScope:
        if sum((self.project is not None, self.group is not None, self.instance)) != 1:
            raise ValueError(
                "name exactly one: {project: acme/homelab}, {group: acme} or the word instance"
            )
        return self

    @property
    def kind(self) -> Literal["project", "group", "instance"]:
        if self.project is not None:
            return "project"
        return "group" if self.group is not None else "instance"

    @property
    def path(self) -> str:
        """The path or id as text; empty for the instance."""
        return str(self.project if self.project is not None else self.group or "")


class CpuShare(Section):
    """CPU of one kind of container."""

    request: Cpu | None = option(None, "What the scheduler keeps free for it.")
    limit: Cpu | None = option(None, "The most it may use; more is throttled.")
    ceiling: Cpu | None = option(
        None, "How far a job may raise its request and limit by its variables; none: not at all."
    )


class MemoryShare(Section):
    """Memory, or ephemeral storage, of one kind of container."""

    request: Memory | None = option(None, "What the scheduler keeps free for it.")
    limit: Memory | None = option(None, "The most it may use; more kills the container.")
    ceiling: Memory | None = option(
        None, "How far a job may raise its request and limit by its variables; none: not at all."
    )


class Resources(Section):
    """A section with shares of CPU and memory, each of which may be given in part.

    `memory: {limit: 4Gi}` keeps the default request; without one Kubernetes would set the request
    to the limit, and a node would hold a fraction of the jobs.
    """

    @model_validator(mode="before")
    @classmethod
    def _a_share_keeps_the_defaults_it_does_not_name(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        completed = dict(value)
        for name in _SHARES & value.keys():
            if isinstance(value[name], dict):
                default: CpuShare | MemoryShare = cls.model_fields[name].default
                completed[name] = {**default.model_dump(exclude_none=True), **value[name]}
        return completed


class HelperResources(Resources):
    """Resources of the helper container, which clones, caches and uploads."""

    cpu: CpuShare = option(CpuShare(request="50m", limit="500m"), "CPU of the helper container.")
    memory: MemoryShare = option(
        MemoryShare(request="128Mi", limit="256Mi"),
        "Memory of the helper container; below 250Mi large artifacts end it.",
    )
    ephemeral_storage: MemoryShare = option(
        MemoryShare(request="128Mi", limit="10Gi"),
        "Disk of the helper container; what all containers of a job write counts together.",
    )


class ServiceResources(Resources):
    """Resources of each service container of a job."""

    cpu: CpuShare = option(CpuShare(request="50m", limit="1"), "CPU of each service container.")
    memory: MemoryShare = option(
        MemoryShare(request="128Mi", limit="1Gi"), "Memory of each service container."
    )
    ephemeral_storage: MemoryShare = option(
        MemoryShare(request="128Mi", limit="20Gi"), "Disk of each service container."
    )


class Toleration(Section):
    """A taint that the pods tolerate."""

    key: LabelKey | None = option(None, "The taint's key; none with operator Exists: every taint.")
    operator: Literal["Equal", "Exists"] = option("Equal", "How the value is compared.")
    value: LabelValue = option("", "The taint's value.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = option(
        None, "The taint's effect; none: every effect."
    )


class Gpu(Section):
    """A GPU that every job gets."""

    resource: LabelKey = option("nvidia.com/gpu", "The extended resource, as the nodes offer it.")
    count: Count = option(1, "How many of it each job gets.")


class JobAccount(Section):
    """The ServiceAccount that the jobs run as, which the wizard makes."""

    name: ObjectName | None = option(
        None, "Its name, where a cloud's trust names it; none: gitlab-runner-NAME-job."
    )
    annotations: dict[LabelKey, Text] = option(
        {}, "Annotations by which a cloud gives it an identity, such as a role's name."
    )
    automount: bool = option(
        False, "Whether jobs get its token of Kubernetes, with every right that it has."
    )


class Jobs(Resources):
    """What every job of this runner gets."""

    concurrent: Count = option(
        2, "How many jobs run at once; limit and request_concurrency follow from it."
    )
    image: ImageRef = option("alpine:3.22", "The image of a job that names none.")
    cpu: CpuShare = option(CpuShare(request="100m", limit="1"), "CPU of the build container.")
    memory: MemoryShare = option(
        MemoryShare(request="128Mi", limit="2Gi"), "Memory of the build container."
    )
    ephemeral_storage: MemoryShare = option(
        MemoryShare(request="512Mi", limit="20Gi"),
        "Disk of the build container; a job that writes more is ended, and not its whole node.",
    )
    helper: HelperResources = option(
        HelperResources(), "The container that clones, caches and uploads."
    )
    services: ServiceResources = option(ServiceResources(), "The containers of a job's services.")
    node_selector: Labels = option({}, "Only nodes with all these labels run the jobs.")
    tolerations: list[Toleration] = option([], "Taints that the jobs tolerate.")
    image_pull_secrets: list[ObjectName] = option(
        [], "Secrets of the job namespace with which private images are pulled."
    )
    priority_class: ObjectName | None = option(None, "The priority class of the job pods.")
    runtime_class: ObjectName | None = option(None, "The runtime class of the job pods.")
    gpu: Gpu | None = option(None, "A GPU for every job.")
    service_account: JobAccount = option(JobAccount(), "What the jobs are in the cluster.")
    allowed_images: list[Text] = option(
        [], "Patterns of images that jobs may use, such as mirror.example.com/**; none: every one."
    )
    allowed_services: list[Text] = option(
        [], "Patterns of images that services may use, such as postgres:*; none: every one."
    )
    pod_security: Literal["auto", "restricted", "baseline", "privileged"] = option(
        "auto",
        "The Pod Security level that the jobs are made to fit.",
        auto="the lowest that the build strategy and the runner's version allow",
        restricted="jobs run as a normal user, without capabilities",
        baseline="jobs may be root inside their container, nothing more",
        privileged="jobs may do anything, to the node as well",
    )
    start_timeout: Seconds = option(
        360, "How long a job waits for its pod; raise it where nodes must first be added."
    )


class Builds(Section):
    """How the runner's jobs build container images."""

    strategy: Strategy = option(
        "none",
        "How jobs build container images.",
        **{spec.name.replace("-", "_"): spec.about for spec in STRATEGIES.values()},
    )
    image: ImageRef | None = option(None, "Another builder image than the strategy's own.")
    mtu: Annotated[int, Field(ge=576, le=9216, strict=True)] | None = option(
        None, "The MTU of Docker in Docker's network, where the cluster's is below 1500."
    )

    @model_validator(mode="before")
    @classmethod
    def _may_be_a_word(cls, value: Any) -> Any:
        return {"strategy": value} if isinstance(value, str) else value

    @property
    def spec(self) -> StrategySpec:
        """What is known of the chosen strategy."""
        return STRATEGIES[self.strategy]


class Runner(Section):
    """One runner: its own release, token and tags."""

    name: RunnerName = option(
        ..., "Its name; the release is gitlab-runner-NAME, at most 39 characters."
    )
    scope: RunnerScope = option(
        ..., "Where it is offered: {project: path}, {group: path} or instance."
    )
    adopt: _Id | None = option(
        None,
        "The id of a runner in GitLab that is taken over instead of creating one: it gets this "
        "runner's settings and a new token, so its old managers stop.",
    )
    description: Text = option("", "What GitLab shows beside it; empty: made from its name.")
    tags: list[Tag] = option([], "A job with tags runs only where every one of its tags is listed.")
    run_untagged: bool = option(True, "Whether it also takes jobs without any tag.")
    protected: bool = option(False, "Whether it takes only jobs of protected branches and tags.")
    locked: bool = option(False, "Whether it may not be enabled for other projects.")
    paused: bool = option(False, "Whether it takes no new jobs for now.")
    maximum_timeout: Seconds | None = option(
        3600, "The longest a job may run, at least 10 minutes; none: what each project says."
    )
    job_namespace: DnsLabel | None = option(
        None,
        "The namespace of its job pods; none: cluster.job_namespace, or one of its own where jobs "
        "need the level privileged.",
    )
    jobs: Jobs = option(Jobs(), "What every job gets.")
    builds: Builds = option(Builds(), "How jobs build container images; a word or a mapping.")
    token_revision: Annotated[int, Field(ge=0, strict=True)] = option(
        0, "Raised by the wizard when a rotated token needs the manager restarted through Git."
    )
    extra_config: dict[str, Any] = option(
        {}, "More keys for this runner's [[runners]] table, checked against its version."
    )
    extra_values: dict[str, Any] = option(
        {}, "More values for GitLab's chart, checked against its version."
    )

    @field_validator("tags")
    @classmethod
    def _at_most_fifty(cls, tags: list[str]) -> list[str]:
        # GitLab: "Too many tags specified. Please limit the number of tags to 50".
        if len(tags) > 50:
            raise ValueError(f"{len(tags)} tags; GitLab takes 50 at most")
        return list(dict.fromkeys(tags))

    @property
    def security_level(self) -> SecurityLevel:
        """The Pod Security level that its job pods are made to fit."""
        if self.jobs.pod_security != "auto":
            return self.jobs.pod_security
        return self.builds.spec.level

    @property
    def release(self) -> str:
        """The name of its release and of the manager's objects."""
        return f"gitlab-runner-{self.name}"

    @property
    def job_account(self) -> str:
        """The ServiceAccount of its jobs."""
        return self.jobs.service_account.name or f"{self.release}-job"

    @property
    def token_secret(self) -> str:
        """The Secret, in the manager's namespace, that holds its authentication token."""
        return f"{self.release}-token"
