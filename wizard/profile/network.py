"""What managers and jobs may reach, and who may reach them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from wizard.profile.types import DnsLabel, Network, Section, option

Port = Annotated[int, Field(ge=1, le=65535, strict=True)]


class Destination(Section):
    """Addresses that jobs may reach besides."""

    cidr: Network = option(..., "The range of addresses; a pod's or a node's counts, not a name's.")
    ports: list[Port] = option([], "TCP ports; none: every port of every protocol.")


class NetworkRules(Section):
    """Network policies for the pods of managers and jobs, and for no other pod."""

    policy: Literal["none", "standard"] = option(
        "none",
        "Whether network policies are made.",
        none="what your cluster does by itself",
        standard="NetworkPolicy of Kubernetes; the cluster's network has to enforce it",
    )
    internet: bool = option(
        True, "Whether jobs reach every address outside of the cluster; else GitLab and `allow`."
    )
    gitlab: list[Network] = option([], "GitLab's addresses, where jobs do not reach every address.")
    allow: list[Destination] = option([], "What jobs may reach besides, also inside the cluster.")
    scrape_from: list[DnsLabel] = option(
        [], "Namespaces whose pods may read the managers' metrics."
    )
