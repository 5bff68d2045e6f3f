"""What `init --from` makes of somebody's set-up, and what it finds wrong with it."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from wizard.core.errors import UsageError, WizardError
from wizard.importing import Imported, import_setup
from wizard.profile.load import load_text
from wizard.profile.model import Profile
from wizard.render import check, files

ID = "0badcafe"
FILES = Path(__file__).parent / "files"
NAMES = ("application.yaml", "values.yaml", "release.yaml", "config.toml")


def _filled(text: str) -> str:
    return text.replace("url: FILL-IN", "url: https://gitlab.example.com/acme/gitops.git")


def _imported(name: str) -> Imported:
    return import_setup((FILES / name).read_text(encoding="utf-8"), name, ID)


def _values(text: str) -> Imported:
    return import_setup(text, "values.yaml", ID)


def _profile(imported: Imported) -> Profile:
    loaded = load_text(_filled(imported.text), Path("profile.yaml"))
    loaded.check(check)
    return loaded.profile


def _runner(imported: Imported) -> dict[str, Any]:
    return dict(yaml.safe_load(imported.text)["runners"][0])


def _symptoms(imported: Imported) -> list[str]:
    return [finding.problem for finding in imported.findings]


_MORE = "configmaps (create, delete, get, list, update), pods/attach (list, update), secrets (list)"
_LACKING = (
    "events (list), pods/attach (delete, get, patch), pods/exec (delete, get, patch), "
    "pods/log (list), serviceaccounts (get), services (create, get)"
)


def test_the_well_known_set_up_has_the_defects_it_is_known_for() -> None:
    told = _symptoms(_imported("application.yaml"))
    for symptom in (
        "chart 0.69.0 is old: it brings runner 17.4",
        "runners.secretPath: chart 0.69.0 does not know 'secretPath'",
        "initContainers: chart 0.69.0 does not know 'initContainers'",
        "the manager runs as user 999, which its image does not know",
        f"the manager may do more than jobs need: {_MORE}",
        f"the manager lacks rights that jobs need: {_LACKING}",
        "a rotated token does not reach the manager",
        "the helper image is pinned to gitlab/gitlab-runner-helper:x86_64-latest",
        "jobs run on the manager's ServiceAccount",
        "jobs run in the manager's namespace (gitlab-runner)",
        "the volume docker-certs is for Docker in Docker, which cannot run",
        "the builder gcr.io/kaniko-project/executor:v1.23.2 is archived",
    ):
        assert symptom in told


@pytest.mark.parametrize("name", NAMES)
def test_every_finding_says_where_why_and_what_to_do(name: str) -> None:
    for finding in _imported(name).findings:
        assert finding.cause
        assert finding.fix
        assert finding.evidence.startswith(f"{name}, line "), finding


@pytest.mark.parametrize("name", NAMES)
def test_a_valid_profile_comes_of_it_that_can_be_rendered(name: str) -> None:
    assert files(_profile(_imported(name)))


def test_what_was_wrong_there_is_not_in_the_profile() -> None:
    imported = _imported("application.yaml")
    for word in ("999", "helper_image", "secretPath", "initContainers", "docker-certs", "gcr.io"):
        assert word not in imported.text
    again = import_setup(yaml.safe_dump(_values_of(_profile(imported))), "values.yaml", ID)
    assert not [one for one in again.findings if one.rank in ("breaks", "opens")]
    assert [row.key for row in again.rows if row.fate == "not understood"] == []


def _values_of(profile: Profile) -> dict[str, Any]:
    from wizard.render.runner.chart_values import values

    return values(profile, profile.runners[0])


def test_what_the_file_says_stands_in_the_profile() -> None:
    profile = _profile(_imported("values.yaml"))
    runner = profile.runners[0]
    assert profile.gitlab.url == "https://git.example.com"
    assert (profile.manager.flavor, profile.manager.log_level) == ("ubuntu", "debug")
    assert profile.manager.node_selector == {"pool": "ci"}
    assert profile.manager.image_pull_secrets == ["mirror"]
    assert profile.images.mirrors == {"registry.gitlab.com": "mirror.example.com"}
    assert profile.images.pull_policy == "always"
    assert profile.cluster.job_namespace == "old-jobs"
    assert (runner.name, runner.tags, runner.maximum_timeout) == (
        "old-team-runner",
        ["docker", "big"],
        7200,
    )
    assert (runner.jobs.concurrent, runner.jobs.start_timeout) == (6, 600)
    assert (runner.jobs.memory.limit, runner.jobs.memory.ceiling) == ("4Gi", "8Gi")
    assert runner.jobs.helper.memory.limit == "512Mi"
    assert [one.key for one in runner.jobs.tolerations] == ["ci", "spot"]
    assert runner.builds.strategy == "dind"


def test_what_has_no_field_of_its_own_goes_to_the_extra_keys() -> None:
    runner = _runner(_imported("values.yaml"))
    assert runner["extra_config"]["output_limit"] == 8192
    assert runner["extra_config"]["cache"]["s3"]["BucketName"] == "runner-cache"
    assert [*runner["extra_config"]["kubernetes"]["volumes"]] == ["pvc"]
    assert set(runner["extra_values"]) == {"extraEnv", "hostAliases", "podAnnotations"}


def test_what_a_profile_cannot_hold_is_named() -> None:
    assert "not carried over: sentry_dsn" in _symptoms(_imported("config.toml"))
    odd = _values("gitlabUrl: https://gitlab.com\nlogFormat: runner\nrunners: {}\n")
    refused = [one for one in odd.findings if "could not be carried over" in one.problem]
    assert [one.evidence for one in refused] == ["values.yaml, line 2: logFormat"]


def test_where_the_file_is_silent_the_profile_asks() -> None:
    assert "# The file does not say where" in _imported("release.yaml").text


def test_an_application_brings_its_repository_and_is_delivered_as_one() -> None:
    delivery = _profile(_imported("application.yaml")).delivery
    assert (delivery.packaging, delivery.target) == ("argocd", "directory")
    assert delivery.repository
    assert delivery.repository.url == "https://gitlab.com/acme/homelab.git"


def test_credentials_in_a_repositorys_address_are_not_copied() -> None:
    text = (FILES / "application.yaml").read_text(encoding="utf-8")
    imported = import_setup(
        text.replace("gitlab.com/acme", "me:word@gitlab.com/acme"), "a.yaml", ID
    )
    assert "me:word" not in imported.text
    assert "# The file does not say which repository" in imported.text
    assert "the address of the Git repository holds a secret" in _symptoms(imported)


def test_an_application_may_have_one_source_with_an_object_and_parameters() -> None:
    application = {
        "kind": "Application",
        "metadata": {"name": "ci-runner"},
        "spec": {
            "source": {
                "chart": "gitlab-runner",
                "targetRevision": "0.86.0",
                "helm": {
                    "valuesObject": {"concurrent": 3, "runners": {"name": "a"}},
                    "parameters": [{"name": "runners.name", "value": "b"}],
                },
            },
            "destination": {"namespace": "ci"},
        },
    }
    profile = _profile(import_setup(yaml.safe_dump(application), "app.yaml", ID))
    assert (profile.name, profile.runners[0].jobs.concurrent) == ("b", 3)
    assert profile.cluster.namespace == "ci"
    assert profile.manager.runner_version == "18.9.0"


def test_values_below_an_umbrella_chart_are_found_with_their_lines() -> None:
    imported = _values("gitlab-runner:\n  gitlabUrl: https://gitlab.com\n  secretPath: x\n")
    unknown = [one for one in imported.findings if "secretPath" in one.problem]
    assert unknown[0].evidence == "values.yaml, line 3: secretPath"


def test_each_table_of_a_config_toml_becomes_a_runner() -> None:
    imported = _imported("config.toml")
    assert [runner.name for runner in _profile(imported).runners] == ["first", "second-one"]
    assert "2 tables shared a limit of 3 jobs at once" in _symptoms(imported)
    assert "the executor is docker, not kubernetes" in _symptoms(imported)


def test_tables_of_one_name_become_runners_of_several() -> None:
    tables = "".join(f'[[runners]]\nname = "{name}"\n' for name in ("Host", "host", "", "host"))
    imported = import_setup(f"concurrent = 1\n{tables}", "config.toml", ID)
    names = [runner.name for runner in _profile(imported).runners]
    assert names == ["host", "host-2", "host-3", "host-4"]


def test_what_a_profile_says_once_is_told_where_tables_differ() -> None:
    table = '[[runners]]\nurl = "{}"\n[runners.kubernetes]\nnamespace = "{}"\n'
    text = table.format("https://one.example.com", "a") + table.format(
        "https://two.example.com", "b"
    )
    imported = import_setup(text, "config.toml", ID)
    told = [one for one in imported.findings if one.problem.startswith("the tables differ")]
    assert [one.evidence for one in told] == [
        "config.toml, line 6: [runners] url",
    ]
    profile = _profile(imported)
    assert profile.gitlab.url == "https://one.example.com"
    assert [profile.job_namespace(one) for one in profile.runners] == ["a", "b"]


def test_parameters_are_what_helm_makes_of_them() -> None:
    parameters = [
        {"name": "concurrent", "value": "7"},
        {"name": "runners.runUntagged", "value": "false"},
        {"name": "runners.tags", "value": "a\\,b"},
        {"name": "logLevel", "value": "debug", "forceString": True},
    ]
    helm = {
        "parameters": parameters,
        "values": "gitlabUrl: https://git.example.com\nconcurrent: 2\n",
    }
    source = {"chart": "gitlab-runner", "targetRevision": "0.86.0", "helm": helm}
    application = {"kind": "Application", "metadata": {"name": "a"}, "spec": {"source": source}}
    runner = _profile(import_setup(yaml.safe_dump(application), "a.yaml", ID)).runners[0]
    assert runner.jobs.concurrent == 7
    assert runner.tags == ["a", "b"]
    assert runner.run_untagged is False


def test_what_a_parent_chart_reads_itself_is_no_unknown_key() -> None:
    imported = _values("gitlab-runner:\n  install: true\n  gitlabUrl: https://git.example.com\n")
    assert not [one for one in _symptoms(imported) if "install" in one]


def test_no_secret_is_copied_and_each_is_told() -> None:
    made = {kind: f"{prefix}{secrets.token_hex(12)}" for kind, prefix in _SECRETS.items()}
    imported = _values(
        f"""
        gitlabUrl: https://gitlab.com
        runnerToken: {made["token"]}
        runnerRegistrationToken: {made["registration"]}
        envVars:
          - {{name: NPM_TOKEN, value: {made["variable"]}}}
          - {{name: LANG, value: C.UTF-8}}
        runners:
          config: |
            [[runners]]
              token = "{made["table"]}"
              environment = ["A=b", "DEPLOY_PASSWORD={made["environment"]}"]
              [runners.cache.s3]
                AccessKey = "{made["access"]}"
                SecretKey = "{made["key"]}"
        """
    )
    told = str(imported)
    assert not [kind for kind, secret in made.items() if secret in told]
    for symptom in (
        "the runner's token is in the values",
        "the runner registers with a registration token",
        "the runner's token is in the file",
        "the variable NPM_TOKEN holds a secret",
        "the variable DEPLOY_PASSWORD holds a secret",
        "cache.s3.AccessKey holds a secret",
        "cache.s3.SecretKey holds a secret",
    ):
        assert symptom in _symptoms(imported)
    runner = _runner(imported)
    assert runner["extra_config"]["environment"] == ["A=b"]
    assert _profile(imported)


_SECRETS = {
    "token": "glrt-",
    "registration": "GR1348941",
    "variable": "",
    "table": "glrt-",
    "environment": "",
    "access": "",
    "key": "",
}


def test_the_namespace_that_the_charts_own_default_names_is_understood() -> None:
    text = (
        "gitlabUrl: https://gitlab.com\nrunners:\n  {jobs}config: |\n    [[runners]]\n"
        "      [runners.kubernetes]\n        image = '{{{{ .Values.image.image | quote }}}}'\n"
        "        namespace = '{{{{ default .Release.Namespace .Values.runners.jobNamespace }}}}'\n"
    )
    together = _values(text.format(jobs=""))
    assert "jobs run in the manager's namespace" in _symptoms(together)
    assert _profile(together).cluster.job_namespace == "gitlab-runner-jobs"
    apart = _values(text.format(jobs="jobNamespace: ci-jobs\n  "))
    assert "jobs run in the manager's namespace" not in _symptoms(apart)
    assert _profile(apart).cluster.job_namespace == "ci-jobs"


def test_a_template_that_cannot_be_read_is_told_by_its_words() -> None:
    imported = _values(
        "gitlabUrl: https://gitlab.com\nrunners:\n  config: |\n    [[runners]]\n"
        "      clone_url = '{{ include \"mine\" . }}'\n      output_limit = 5000\n"
    )
    told = [one for one in imported.findings if "{{ include" in one.problem]
    assert told[0].evidence == "values.yaml, line 3: runners.config"
    assert _runner(imported)["extra_config"]["output_limit"] == 5000


@pytest.mark.parametrize("name", ["values.yaml", "config.toml"])
def test_a_file_of_five_megabytes_is_refused_at_once(name: str) -> None:
    with pytest.raises(UsageError, match="too large"):
        import_setup("concurrent: 1\n" * 360_000, name, ID)


def test_rights_that_cover_everything_lack_nothing() -> None:
    symptoms = _symptoms(_values("gitlabUrl: https://gitlab.com\nrbac: {create: true}\n"))
    assert "the manager may do more than jobs need: everything (any verb)" in symptoms
    assert not [symptom for symptom in symptoms if "lacks" in symptom]


def test_several_managers_keep_the_jobs_that_they_had_together() -> None:
    profile = _profile(_values("gitlabUrl: https://gitlab.com\nreplicas: 3\nconcurrent: 4\n"))
    assert profile.manager.replicas == 3
    assert profile.runners[0].jobs.concurrent == 12
    assert _profile(_values("gitlabUrl: https://gitlab.com\nreplicas: 1\n")).manager.replicas == 1


def test_a_reloader_restarts_the_manager() -> None:
    text = "runners: {secret: s}\n"
    told = "a rotated token does not reach the manager"
    assert told in _symptoms(_values(text))
    text += "podAnnotations: {reloader.stakater.com/auto: 'true'}\n"
    assert told not in _symptoms(_values(text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("values.yaml", "replicaCount: 1\n"),
        ("deployment.yaml", "kind: Deployment\nspec: {}\n"),
        ("config.toml", "[server]\nport = 1\n"),
        ("config.toml", "concurrent ="),
        ("empty.yaml", ""),
    ],
)
def test_a_file_that_sets_up_no_runner_is_refused_in_words(name: str, text: str) -> None:
    with pytest.raises(UsageError) as refused:
        import_setup(text, name, ID)
    assert name in refused.value.problem


def test_a_template_that_is_no_toml_costs_the_template_alone() -> None:
    imported = _values("concurrent: 3\nrunners:\n  config: |\n    [[runners]\n")
    finding = imported.findings[0]
    assert finding.problem == "runners.config has a line that is not valid TOML"
    assert finding.evidence == "values.yaml, line 4: runners.config"
    assert _profile(imported).runners[0].jobs.concurrent == 3


@pytest.mark.parametrize("text", ["runners: [1, 2]\n", "runners: {config: 5}\nrbac: yes\n", "- a"])
def test_odd_shapes_are_told_or_refused_but_never_a_traceback(text: str) -> None:
    with suppress(WizardError):
        assert _profile(_values(text))
