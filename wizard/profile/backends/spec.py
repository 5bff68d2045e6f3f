"""What a secret backend is, declared once: everything that is known of it before it is reached.

Its client is in `systems/backends`, its provider of External Secrets in `render/providers`; all
else that depends on the choice of a backend reads its `BackendSpec`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from wizard.profile.operators import Operator
from wizard.profile.types import DnsLabel, Matching, ObjectName, Section, option

if TYPE_CHECKING:
    from wizard.core.problems import Problems
    from wizard.profile.model import Profile

BackendName = Literal[
    "kubernetes", "infisical", "vault", "aws", "gcp", "existing-store", "sealed-secrets", "sops"
]
TOKEN_FIELD = "RUNNER_TOKEN"  # noqa: S105 - the field's name
"""What the token is called inside a secret that has fields."""
OPERATOR_NAMESPACE = "external-secrets"
"""Where External Secrets is installed, if nothing else is said."""
SecretPath = Annotated[
    str,
    Matching(
        r"[A-Za-z0-9_][A-Za-z0-9_.@+=-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.@+=-]*)*",
        "a path such as gitlab/runners, without leading /",
    ),
]


def allow_http() -> bool:
    """The field by which a section allows its credentials to travel unencrypted."""
    allowed: bool = option(False, "Whether credentials may be sent to an http:// address.")
    return allowed


class SecretRef(Section):
    """A Secret of the cluster, by name; its values never are in the profile."""

    name: ObjectName = option(..., "The Secret's name.")
    namespace: DnsLabel | None = option(
        None, f"Its namespace; none: the operator's own, {OPERATOR_NAMESPACE}."
    )


class ConfigMapRef(Section):
    """A ConfigMap of the cluster, by name."""

    name: ObjectName = option(..., "The ConfigMap's name.")
    namespace: DnsLabel | None = option(
        None, f"Its namespace; none: the operator's own, {OPERATOR_NAMESPACE}."
    )


@dataclass(frozen=True, slots=True)
class Credential:
    """A part of the wizard's own sign-in that a person may be asked for."""

    variable: str
    """The environment variable that headless commands take it from."""
    label: str
    """What people call it."""
    otherwise: str = ""
    """Where it is looked for when it is not given; empty where it has to be given."""
    also: tuple[str, ...] = ()
    """Other variables that are read where the first is not set."""
    for_all: bool = False
    """Whether other programs of this machine sign in with it too, such as a kubeconfig's."""

    @property
    def variables(self) -> tuple[str, ...]:
        return (self.variable, *self.also)


@dataclass(frozen=True, slots=True)
class ReaderPart:
    """One value of the credential with which a store of ours reads."""

    key: str
    """Its key in the Secret, as External Secrets expects it."""
    variable: str
    """The environment variable that brings it."""
    label: str


EXTERNAL_SECRETS = Operator(
    "external-secrets",
    "External Secrets",
    "external-secrets.io/v1",
    "ExternalSecret",
    "keeping tokens in a backend",
)


def _no_rule(_profile: Profile, _problems: Problems) -> None:
    """What most backends ask beyond the types of their fields."""


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """One secret backend.

    Args:
        name: in the profile.
        about: what it is, where the profile's choices are explained.
        needs: what has to be there before it can be chosen, for the screens.
        client: the module of `systems/backends` whose `build` makes it.
        through: how the token reaches the cluster: the wizard writes the Secret, External Secrets
            reads it through a store, or it is among the delivered files, encrypted.
        section: the model of its settings.
        needs_section: whether the settings can be left out.
        operator: what has to run in the cluster.
        provider: what External Secrets (v1) calls it; empty where the wizard makes no such store.
        sign_in: what the wizard itself signs in with, by the settings' `login`; by "" where there
            is one way only.
        address_variables: the variables that say which address the sign-in belongs to.
        address: that address where none of them is set: what the system's own program takes.
        address_suffix: the path of its API, which may be written too.
        readers: what a store that the wizard makes signs in with, by the settings' `reader`, where
            that is something secret. It is another identity than the wizard's: one that only reads.
        rule: what has to hold between its settings and the rest of the profile.
    """

    name: BackendName
    about: str
    needs: str
    client: str
    through: Literal["secret", "store", "files"]
    section: type[Section] | None = None
    needs_section: bool = True
    operator: Operator | None = None
    provider: str = ""
    sign_in: Mapping[str, tuple[Credential, ...]] = field(default_factory=dict)
    address_variables: tuple[str, ...] = ()
    address: str = ""
    address_suffix: str = ""
    readers: Mapping[str, tuple[ReaderPart, ...]] = field(default_factory=dict)
    rule: Callable[[Profile, Problems], None] = _no_rule

    @property
    def key(self) -> str:
        """The key of its settings, below `secrets`."""
        return self.name.replace("-", "_")

    @property
    def any_store(self) -> bool:
        """Whether it is whatever a store of the user's own reads, of any provider."""
        return self.through == "store" and not self.provider

    def credentials(self, login: str = "") -> tuple[Credential, ...]:
        """What the wizard signs in with; nothing where it does so by other means.

        Args:
            login: the settings' `login`, where they have one.
        """
        return self.sign_in.get(login, self.sign_in.get("", ()))
