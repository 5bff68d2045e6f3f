"""A private CA and a proxy: from one line of the profile to every place that needs them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.render.profiles import PACKAGINGS, documents, packaged, profile_of, wanted
from wizard.profile.model import Profile
from wizard.render import config, manifests
from wizard.render.runner.chart_values import values

_PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
_FILE = "/etc/gitlab-ca/ca.crt"


def _trusting(profile: Profile, pem: str = _PEM) -> Profile:
    return profile.model_copy(update={"gitlab": profile.gitlab.trusting(pem)})


def _table(profile: Profile) -> dict[str, Any]:
    return dict(config(profile, profile.runners[0])["runners"][0])


def _variables(profile: Profile) -> dict[str, str]:
    return dict(one.split("=", 1) for one in _table(profile).get("environment", []))


def _manager(profile: Profile) -> dict[str, Any]:
    found: dict[str, Any] = wanted(profile, "Deployment")["spec"]["template"]
    return found


def test_the_ca_stands_in_both_namespaces() -> None:
    maps = [m for m in manifests(_trusting(profile_of("direct"))) if m.name.endswith("-shared-ca")]
    assert [m.namespace for m in maps] == ["gitlab-runner", "gitlab-runner-jobs"]
    assert all(m.body["data"] == {"ca.crt": _PEM} for m in maps)


def test_one_namespace_for_both_has_it_once() -> None:
    same = {"namespace": "ci", "job_namespace": "ci"}
    profile = _trusting(profile_of("direct", cluster=same))
    assert len([m for m in manifests(profile) if m.name.endswith("-shared-ca")]) == 1


@pytest.mark.parametrize("packaging", PACKAGINGS)
def test_a_configmap_is_all_that_carries_it(packaging: str) -> None:
    found = documents(_trusting(packaged("direct", packaging)))
    kinds = {one["kind"] for one in found if "BEGIN CERTIFICATE" in yaml.safe_dump(one)}
    assert kinds == {"ConfigMap"}


def test_the_manager_trusts_it_by_its_configuration_in_either_packaging() -> None:
    profile = _trusting(profile_of("direct"))
    assert _table(profile)["tls-ca-file"] == _FILE
    pod = _manager(profile)["spec"]
    (mount,) = [m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "gitlab-ca"]
    assert _FILE.startswith(mount["mountPath"])
    chart = values(profile, profile.runners[0])
    assert mount in chart["volumeMounts"]
    assert next(v for v in pod["volumes"] if v["name"] == "gitlab-ca") in chart["volumes"]
    assert f'tls-ca-file = "{_FILE}"' in chart["runners"]["config"]
    (folders,) = [one["value"] for one in chart["envVars"] if one["name"] == "SSL_CERT_DIR"]
    assert folders.split(":") == ["/etc/ssl/certs", mount["mountPath"]]
    assert pod["containers"][0]["env"] == chart["envVars"]


def test_jobs_trust_it_and_every_public_ca_as_well() -> None:
    profile = _trusting(profile_of("direct"))
    (volume,) = _table(profile)["kubernetes"]["volumes"]["config_map"]
    assert volume["name"] == "gitlab-runner-direct-shared-ca"
    variables = _variables(profile)
    folders = variables["SSL_CERT_DIR"].split(":")
    assert folders[0] == "/etc/ssl/certs"
    assert volume["mount_path"] in folders
    assert variables["NODE_EXTRA_CA_CERTS"] == _FILE
    # These would take the public ones away.
    assert not {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"} & set(variables)


def test_another_ca_makes_new_managers_in_either_packaging() -> None:
    old, new = (_trusting(profile_of("direct"), pem) for pem in (_PEM, _PEM + _PEM))
    one, other = (_manager(profile)["metadata"]["annotations"] for profile in (old, new))
    assert one["runner-wizard/ca"] != other["runner-wizard/ca"]
    chart = values(new, new.runners[0])
    assert chart["podAnnotations"]["runner-wizard/ca"] == other["runner-wizard/ca"]


def test_the_longest_name_still_fits_a_volume() -> None:
    profile = _trusting(profile_of("direct", name="n" * 39))
    (volume,) = _table(profile)["kubernetes"]["volumes"]["config_map"]
    assert len(volume["name"]) <= 63


_PROXY = {
    "gitlab": {"proxy": "http://proxy.example.com:3128", "no_proxy": ["git.example.com"]},
    "cluster": {"service_cidrs": ["10.96.0.0/12"], "pod_cidrs": ["10.244.0.0/16"]},
}


def test_without_a_proxy_nothing_is_said_of_one() -> None:
    assert "env" not in _manager(profile_of("direct"))["spec"]["containers"][0]
    assert not [name for name in _variables(profile_of("direct")) if "PROXY" in name.upper()]


def test_jobs_use_the_proxy_for_all_but_the_cluster() -> None:
    variables = _variables(profile_of("direct", **_PROXY))
    assert variables["HTTPS_PROXY"] == variables["http_proxy"] == "http://proxy.example.com:3128"
    direct = variables["NO_PROXY"].split(",")
    assert {".svc", ".cluster.local", "localhost", "127.0.0.1"} <= set(direct)
    assert {"10.96.0.0/12", "10.244.0.0/16", "git.example.com"} <= set(direct)
    assert variables["NO_PROXY"] == variables["no_proxy"]


def test_the_manager_reaches_the_api_server_although_nobody_knows_its_address() -> None:
    profile = profile_of("direct", gitlab=_PROXY["gitlab"])
    env = _manager(profile)["spec"]["containers"][0]["env"]
    direct = {one["name"]: one["value"] for one in env}["NO_PROXY"].split(",")
    assert "$(KUBERNETES_SERVICE_HOST)" in direct
    assert values(profile, profile.runners[0])["envVars"] == env
    # What only a pod's own environment can expand is no part of a job's.
    assert "$" not in _variables(profile)["NO_PROXY"]
