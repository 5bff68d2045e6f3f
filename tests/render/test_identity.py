"""Jobs with an identity of their own, and hosts that no name server knows."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.profile.profiles import SMALLEST, said, warnings, with_runner
from tests.render.profiles import file_of, packaged, profile_of, wanted
from wizard.profile.model import Profile
from wizard.render import config_toml, job_pod

ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/deploy"}
ALIAS = {"ip": "192.168.1.5", "hostnames": ["git.home.example"]}


def identified(**account: Any) -> Profile:
    return profile_of("direct", runner={"jobs": {"service_account": account}})


def kubernetes(profile: Profile) -> dict[str, Any]:
    table = tomllib.loads(config_toml(profile, profile.runners[0]))["runners"][0]["kubernetes"]
    return dict(table)


def test_a_cloud_gives_jobs_a_role_by_the_annotations_of_their_account() -> None:
    profile = identified(name="deployer", annotations=ROLE)
    account = wanted(profile, "ServiceAccount", "deployer")
    assert account["metadata"]["annotations"] == ROLE
    assert account["metadata"]["namespace"] == "gitlab-runner-jobs"
    assert account["automountServiceAccountToken"] is False
    assert kubernetes(profile)["service_account"] == "deployer"


def test_without_a_word_jobs_have_an_account_without_rights_and_token() -> None:
    profile = profile_of("direct")
    account = wanted(profile, "ServiceAccount", "gitlab-runner-direct-job")
    assert "annotations" not in account["metadata"]
    assert kubernetes(profile)["automount_service_account_token"] is False


def test_jobs_that_deploy_get_the_token_when_they_are_meant_to() -> None:
    profile = identified(automount=True)
    assert kubernetes(profile)["automount_service_account_token"] is True
    assert job_pod(profile, profile.runners[0]).body["spec"]["automountServiceAccountToken"]


@pytest.mark.parametrize("packaging", ["argocd", "flux", "helm", "manifests"])
def test_managers_and_jobs_know_the_hosts_that_no_name_server_has(packaging: str) -> None:
    plain = packaged("homelab", packaging)
    data = plain.model_dump(by_alias=True, exclude_unset=True)
    data["gitlab"]["host_aliases"] = [ALIAS]
    profile = Profile.model_validate(data)
    assert kubernetes(profile)["host_aliases"] == [ALIAS]
    assert job_pod(profile, profile.runners[0]).body["spec"]["hostAliases"] == [ALIAS]
    endings = {
        "argocd": "argocd-apps/gitlab-runner-homelab.yaml",
        "flux": "/helm-release.yaml",
        "helm": "/values.yaml",
        "manifests": "gitlab-runner-homelab/deployment.yaml",
    }
    manager = file_of(profile, endings[packaging])
    assert "hostAliases:" in manager
    assert "git.home.example" in manager


def test_a_token_for_jobs_is_warned_of_and_an_account_of_others_refused() -> None:
    told = said(with_runner("jobs: {service_account: {automount: true, name: default}}"))
    assert "is the account of everything else" in told["runners[0].jobs.service_account"]
    assert warnings(with_runner("jobs: {service_account: {automount: true}}")) == [
        "runners[0].jobs.service_account"
    ]


def test_two_runners_do_not_share_an_account() -> None:
    second = "  - {name: two, scope: {project: acme/app}, jobs: {service_account: {name: ci}}}\n"
    told = said(with_runner("jobs: {service_account: {name: ci}}", second))
    assert "one has an account of that name" in told["runners[1].jobs.service_account"]


@pytest.mark.parametrize(
    ("address", "problem"),
    [("10.0.0", "'10.0.0' is not an IP address"), ("git.home", "'git.home' is not an IP address")],
)
def test_an_alias_of_something_else_than_an_address_is_refused(address: str, problem: str) -> None:
    alias = f"[{{ip: {address}, hostnames: [git.home]}}]"
    text = f"{SMALLEST}gitlab: {{url: 'https://git.home', host_aliases: {alias}}}\n"
    assert problem in said(text)["gitlab.host_aliases[0].ip"]
