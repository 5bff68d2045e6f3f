"""A proxy, for the manager and for jobs, and what must never go through it."""

from __future__ import annotations

from wizard.profile.model import Profile

_ALWAYS_DIRECT = ("localhost", "127.0.0.1", "::1", ".svc", ".cluster.local")
# Kubernetes puts the API server's address here when the pod starts.
_API_SERVER = "$(KUBERNETES_SERVICE_HOST)"


def job_variables(profile: Profile) -> dict[str, str]:
    """The proxy's variables for jobs, in both spellings: programs read the one or the other."""
    return _variables(profile, [])


def manager_variables(profile: Profile) -> dict[str, str]:
    """The same for the manager, which makes its pods by the API server's address."""
    return _variables(profile, [_API_SERVER])


def _variables(profile: Profile, more: list[str]) -> dict[str, str]:
    gitlab, cluster = profile.gitlab, profile.cluster
    if not gitlab.proxy:
        return {}
    inside = [*_ALWAYS_DIRECT, *more, *cluster.service_cidrs, *cluster.pod_cidrs]
    direct = ",".join(dict.fromkeys([*inside, *gitlab.no_proxy]))
    found = {"HTTP_PROXY": gitlab.proxy, "HTTPS_PROXY": gitlab.proxy, "NO_PROXY": direct}
    return found | {name.lower(): value for name, value in found.items()}
