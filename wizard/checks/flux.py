"""Whether Flux would read the files once they are committed."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.checks.connected import Connected
from wizard.checks.names import whose_names
from wizard.core.findings import Check, Finding, Verdict
from wizard.profile.delivery import Repository
from wizard.profile.packagings.flux import FLUX
from wizard.systems.gitops.addresses import same_place
from wizard.systems.gitops.flux import (
    KUSTOMIZE,
    kustomization_ref,
    reads_kustomizations,
    source_ref,
)


def of_flux(connected: Connected) -> Iterator[Check]:
    """Whether its source is the profile's repository, what reads it, and whose the names are."""
    profile = connected.profile
    repository = profile.delivery.repository
    if profile.delivery.spec is not FLUX or repository is None:
        return
    if not connected.seen_cluster.serves(KUSTOMIZE, "Kustomization"):
        return  # `target.operators` says that it is not there
    yield _is_the_source(connected, repository)
    yield _is_watched(connected, repository)
    refs = [kustomization_ref(profile.delivery, name) for name in profile.delivered_names]
    yield from whose_names(connected, refs)


def _is_the_source(connected: Connected, repository: Repository) -> Check:
    ref = source_ref(connected.profile.delivery)
    asked = f"{ref} reads {repository.url}"
    source = connected.object(ref)
    if source is None:
        finding = Finding(
            f"There is no {ref}, which the Kustomizations read.",
            cause="Flux applies nothing of a repository that no GitRepository names",
            fix="Name Flux's own GitRepository in delivery.flux.source, or create this one",
        )
        return Check(asked, Verdict.WARN, finding)
    spec = source.get("spec") or {}
    url, ref_spec = str(spec.get("url", "")), spec.get("ref") or {}
    branch = ref_spec.get("branch", "master")  # what Flux takes where nothing is said
    if same_place(url, repository.url) and (
        branch == repository.branch or set(ref_spec) - {"branch"}
    ):
        return Check(asked, Verdict.OK)
    finding = Finding(
        f"{ref} reads another repository or branch than delivery.repository.",
        f"it reads {branch} of {url}; the profile names {repository.branch} of {repository.url}",
        "what is committed there would never reach the cluster",
        "Correct delivery.repository, or name another GitRepository in delivery.flux.source",
    )
    return Check(asked, Verdict.WARN, finding)


def _is_watched(connected: Connected, repository: Repository) -> Check:
    delivery = connected.profile.delivery
    folder = repository.apps_path
    asked = f"Flux reads {folder} of the repository"
    found = connected.seen_cluster.find(KUSTOMIZE, "Kustomization", delivery.flux.namespace)
    ours = {runner.release for runner in connected.profile.runners}
    if any(reads_kustomizations(one, delivery) or one["metadata"]["name"] in ours for one in found):
        return Check(asked, Verdict.OK)
    finding = Finding(
        f"No Kustomization of Flux reads the folder {folder} of {repository.url}.",
        f"{len(found)} Kustomizations of namespace {delivery.flux.namespace} were looked at",
        "the files would be committed, and nothing would happen",
        "Name a folder below the path of one that is there, such as clusters/NAME/runners, in "
        "delivery.repository.apps_path, or create a Kustomization for it",
    )
    return Check(asked, Verdict.WARN, finding)
