"""Kinds of mistakes that published set-ups showed, each in a small one of our own."""

from __future__ import annotations

import pytest

from tests.importing.cases import URL, data, profile, read, read_all, runner, symptoms, told, toml
from wizard.core.errors import UsageError
from wizard.render import files

_OF_ABSENCE = ("jobs have no limit", "sets no pull policy", "does not set concurrent", "jobs lose")


def test_nothing_is_said_to_be_absent_where_values_are_elsewhere():
    imported = read(
        """
        releases:
          - name: build
            namespace: ci
            chart: gitlab/gitlab-runner
            values: [values/build.yaml]
        """,
        "helmfile.yaml",
    )
    assert told(imported, "some values are elsewhere and were not read")
    assert not [one for one in symptoms(imported) for words in _OF_ABSENCE if words in one]


def test_a_managers_own_default_counts_for_the_operator():
    imported = read(
        f"""
        apiVersion: apps.gitlab.com/v1beta2
        kind: Runner
        metadata: {{name: build, namespace: ci}}
        spec: {{gitlabUrl: {URL}, token: runner-token, config: template}}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {{name: template, namespace: ci}}
        data:
          config.toml: |
            concurrent = 40
            check_interval = 7
            [[runners]]
              [runners.kubernetes]
                image = "ruby:3.3"
        """
    )
    assert runner(imported)["jobs"]["concurrent"] == 10
    assert "manager" not in data(imported)
    assert "template for [[runners]]" in told(imported, "concurrent has no effect")
    assert "the operator's default" in told(imported, "the file does not set concurrent")


def test_a_slip_below_a_table_of_labels_is_swallowed_too():
    imported = read(
        toml(
            """
            [runners.kubernetes.node_selector]
              "kubernetes.io/arch" = "arm64"
              pool_name = "ci"
              cpu_requests = "1"
            """
        )
    )
    assert runner(imported)["jobs"]["node_selector"] == {
        "kubernetes.io/arch": "arm64",
        "pool_name": "ci",
    }
    assert "perhaps cpu_request" in told(imported, "cpu_requests is below")
    assert profile(imported).cluster.architectures == ["arm64"], "all jobs select it"


def test_nodes_are_of_the_default_architecture_where_only_some_jobs_select_another():
    tables = "".join(
        f"[[runners]]\nname = '{name}'\nurl = '{URL}'\nexecutor = 'kubernetes'\n"
        f"[runners.kubernetes]\nimage = 'a'\n{more}"
        for name, more in (
            ("any", ""),
            ("arm", '[runners.kubernetes.node_selector]\n"kubernetes.io/arch" = "arm64"\n'),
        )
    )
    assert "architectures" not in data(read(tables, "config.toml"))["cluster"]


def test_tables_of_other_executors_have_no_effect_and_are_not_called_unknown():
    imported = read(toml('image = "a"') + "        [runners.docker]\n          image = 'b'\n")
    assert "another executor" in told(imported, "[runners.docker] has no effect")
    assert not [one for one in symptoms(imported) if "does not know" in one]
    assert "extra_config" not in runner(imported)


@pytest.mark.parametrize(
    ("version", "said", "kept"),
    [
        ("0.60.0", "is called pre_get_sources_script since", True),
        ("0.83.1", "has no effect: since runner 17.0 it is called pre_get_sources_script", False),
    ],
)
def test_a_key_that_was_renamed_is_carried_where_it_worked(version: str, said: str, kept: bool):
    config = "[[runners]]\n  pre_clone_script = 'echo hi'"
    lines = "\n".join(f"                {line}" for line in config.splitlines())
    imported = read(
        f"""
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: {{name: gitlab-runner, namespace: ci}}
        spec:
          chart: {{spec: {{chart: gitlab-runner, version: {version}}}}}
          values:
            gitlabUrl: {URL}
            runners:
              secret: a
              config: |
{lines}
        """
    )
    assert told(imported, f"pre_clone_script {said}")
    assert ("pre_get_sources_script" in runner(imported).get("extra_config", {})) is kept


def _released(version: str) -> str:
    return f"""
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: {{name: gitlab-runner, namespace: ci}}
        spec:
          chart: {{spec: {{chart: gitlab-runner, version: "{version}"}}}}
          values: {{gitlabUrl: {URL}, runners: {{secret: a, image: "alpine:3.22"}}}}
        """


@pytest.mark.parametrize("version", ["~0.88", "0.88.x", "0.88.*", "^0.88.1", "0.88"])
def test_a_range_within_one_minor_release_is_judged_and_pinned_as_that(version: str):
    imported = read(_released(version))
    assert profile(imported).manager.runner_version == "18.11.4"
    assert told(imported, f"the chart's version is a range: {version}")
    assert told(imported, "chart 0.88.4 does not read runners.image")


@pytest.mark.parametrize("version", [">=0.80 <0.90", "*", ">0.50"])
def test_a_wider_range_says_nothing_of_the_keys(version: str):
    imported = read(_released(version))
    assert told(imported, f"the chart's version is a range: {version}")
    assert told(imported, "only charts before 0.53.0 read runners.image")


def test_a_version_that_is_none_and_one_that_nobody_knows_are_told_apart():
    assert "fails with anything else" in told(read(_released("latest")), "is not a version")
    assert "it may not exist" in told(read(_released("1.2.3")), "does not know chart 1.2.3")
    assert "it brings runner 19.6.x" in told(read(_released("0.95.0")), "not know chart 0.95.0")


def test_a_key_of_the_runner_among_the_values_is_told_where_it_belongs():
    imported = read(f"gitlabUrl: {URL}\nrunners: {{secret: a}}\npoll_timeout: 600\n")
    assert "runners.config, below [runners.kubernetes]" in told(imported, "poll_timeout: ")


def test_runners_config_counts_before_a_value_that_only_old_charts_read():
    imported = read(
        f"""
        gitlabUrl: {URL}
        runners:
          secret: a
          image: {{arch: arm64}}
          config: |
            [[runners]]
              [runners.kubernetes]
                image = "ubuntu:24.04"
        """
    )
    assert runner(imported)["jobs"]["image"] == "ubuntu:24.04"
    assert not [one for one in symptoms(imported) if "takes text" in one]


def test_a_word_in_the_place_of_a_registration_token_need_not_be_revoked():
    imported = read(f"gitlabUrl: {URL}\nrunnerRegistrationToken: YOUR_TOKEN\n")
    assert "Nothing to do" in told(imported, "registers with a registration token")


def test_a_registration_token_under_the_new_key_is_not_the_runners_own():
    token = "GR1348941" + "abc12" * 4
    imported = read(f"gitlabUrl: {URL}\nrunnerToken: {token}\nrunners: {{tags: a}}\n")
    assert "Revoke the token" in told(imported, "runnerToken holds a registration token")
    assert not [one for one in symptoms(imported) if "authentication token" in one]
    assert not [one for one in symptoms(imported) if "token is in the values" in one]


def test_a_gap_inside_a_value_is_not_carried():
    imported = read(
        toml('image = "a"')
        + "      clone_url = 'https://<YOUR_DOMAIN>/'\n"
        + "      [runners.cache]\n        Type = 's3'\n"
        + "        [runners.cache.s3]\n          ServerAddress = '$CACHE_HOST'\n"
    )
    assert told(imported, "clone_url is not filled in: <YOUR_DOMAIN>")
    assert told(imported, "ServerAddress is not filled in: $CACHE_HOST")
    assert runner(imported)["extra_config"] == {"cache": {"Type": "s3"}}


def test_a_template_of_openshift_says_what_to_give_in_its_place():
    with pytest.raises(UsageError, match="knows") as refused:
        read("apiVersion: v1\nkind: Template\nmetadata: {name: a}\nobjects: []\n")
    assert "oc process" in str(refused.value.cause)


def test_a_key_that_says_nothing_of_the_runner_is_not_its_name():
    imported = read(f"values:\n  gitlabUrl: {URL}\n  runners: {{secret: a}}\n")
    assert data(imported)["name"] == "imported"


def test_values_that_terraform_names_in_locals_are_read_where_their_file_is_given():
    given = read_all(
        main__tf="""
            locals {
              values = templatefile("${path.module}/files/values.yaml", { host = var.host })
            }
            resource "helm_release" "runner" {
              chart  = "gitlab-runner"
              values = [local.values]
            }
            """,
        files___values__yaml=f"gitlabUrl: {URL}\nconcurrent: 7\n",
    )
    assert runner(given)["jobs"]["concurrent"] == 7


def test_values_that_terraform_works_out_are_told_at_their_line():
    imported = read(
        """\
        resource "helm_release" "runner" {
          chart = "gitlab-runner"
          values = [
            var.values,
          ]
        }
        """,
        "main.tf",
    )
    assert "main.tf, line 4: values" in told(imported, "some values are elsewhere")


def test_what_terraform_would_put_into_a_text_costs_the_values_that_it_is_in():
    imported = read(
        f"""\
        module "runner" {{
          source = "../helm"
          chart  = "gitlab-runner"
          values = [<<-YAML
            gitlabUrl: {URL}
            image: {{registry: "${{var.registry}}/hub", image: gitlab/gitlab-runner}}
            rbac:
              create: true
              rules: [{{resources: [pods], verbs: [${{local.read}}]}}]
            envVars: [{{name: A, value: "${{var.a}}"}}, {{name: B, value: "$(A)"}}]
            runners:
              secret: a
              config: |
                [[runners]]
                  [runners.kubernetes]
                    privileged = ${{var.privileged}}
                    memory_limit = "${{var.memory}}"
                    image = "${{var.registry}}/alpine"
                    [[runners.kubernetes.pod_spec]]
                      name = "disk"
                      patch = "storage: ${{var.size}}"
          YAML
          ]
        }}
        """,
        "main.tf",
    )
    assert runner(imported)["extra_values"] == {"envVars": [{"name": "B", "value": "$(A)"}]}
    assert "extra_config" not in runner(imported)
    for key in ("registry", "verbs", "privileged", "memory_limit", "image", "patch"):
        assert told(imported, f"{key} is not filled in: ${{")
    said = " ".join(symptoms(imported))
    assert "rights that jobs need" not in said, "what the rules come to is not known"
    assert "limit of CPU" in said
    assert "and memory" not in said


def test_a_text_that_terraform_sets_is_read_at_its_lines():
    imported = read(
        f"""\
        resource "helm_release" "runner" {{
          name  = "runner"
          chart = "gitlab-runner"
          set = [
            {{ name = "gitlabUrl", value = "{URL}" }},
            {{
              name  = "runners.config"
              value = <<-EOT
                [[runners]]
                  [runners.kubernetes]
                    image = "alpine"
              EOT
            }},
          ]
        }}
        """,
        "main.tf",
    )
    assert runner(imported)["jobs"]["image"] == "alpine"
    assert "main.tf, line 11: [runners.kubernetes] image" in told(imported, "moving tag")


def test_privileged_services_are_docker_in_docker_as_well_as_privileged_jobs():
    imported = read(
        toml(
            """
            image = "docker:27"
            [runners.kubernetes.service_container_security_context]
              privileged = true
            [[runners.kubernetes.services]]
              name = "docker:27-dind"
            [[runners.kubernetes.volumes.empty_dir]]
              name = "docker-certs"
              mount_path = "/certs/client"
            """
        )
    )
    assert runner(imported)["builds"] == "dind"
    assert runner(imported)["extra_config"] == {
        "kubernetes": {"services": [{"name": "docker:27-dind"}]}
    }
    assert "builds: dind has them too" in told(imported, "jobs have privileged services")
    rendered = {str(file.path): file.content for file in files(profile(imported))}
    config = next(text for text in rendered.values() if "[[runners]]" in text)
    assert config.count("privileged = true") == 1, "the services, and no job"
    assert config.count('mount_path = "/certs/client"') == 1
    assert any("enforce: privileged" in text for text in rendered.values())


def test_root_that_the_same_table_forbids_never_starts():
    imported = read(
        toml(
            """
            [runners.kubernetes.pod_security_context]
              run_as_non_root = true
            [runners.kubernetes.build_container_security_context]
              run_as_user = 0
            """
        )
    )
    assert "CreateContainerConfigError" in told(imported, "run_as_non_root forbids it")
    assert "jobs run as root" not in symptoms(imported)


def test_a_user_that_the_file_sets_is_not_said_to_be_the_images():
    imported = read(
        toml(
            """
            [runners.kubernetes.pod_security_context]
              run_as_user = 1000
            [[runners.kubernetes.volumes.nfs]]
              name = "data"
              mount_path = "/data"
              server = "nfs"
              path = "/"
            """
        )
    )
    assert not [one for one in symptoms(imported) if "own user" in one]


def test_a_file_that_only_the_old_manager_has_is_told():
    said = "[[runners]]\n      tls-ca-file = '/etc/ssl/own.crt'"
    values = toml('image = "a"').replace("[[runners]]", said)
    assert "no /etc/ssl/own.crt" in told(read(values), "tls-ca-file names a file")
    mounted = read(f"{values}volumeMounts: [{{name: ca, mountPath: /etc/ssl}}]\n")
    assert not [one for one in symptoms(mounted) if "names a file" in one]


def test_an_empty_section_says_nothing():
    imported = read(f"gitlabUrl: {URL}\nrbac: null\nrunners: {{secret: a}}\n")
    assert "extra_values" not in runner(imported)
    assert not [one for one in symptoms(imported) if "could not be carried over" in one]


def test_a_job_that_loses_its_account_and_its_token_is_told_of_both():
    imported = read(toml('service_account = "deployer"\nautomount_service_account_token = true'))
    assert "service_account" in told(imported, "jobs lose the ServiceAccount deployer")
    words = told(imported, "jobs lose the token of their ServiceAccount")
    assert "automount_service_account_token" in words


def test_what_a_deployment_says_is_named_as_it_is_called_there():
    imported = read(
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: runner, namespace: ci}
        spec:
          template:
            spec:
              terminationGracePeriodSeconds: 30
              containers:
                - name: runner
                  image: gitlab/gitlab-runner:alpine-v17.6.0
                  imagePullPolicy: IfNotPresent
                  env: [{name: CI_SERVER_URL, value: "https://gitlab.example.com"}]
        """
    )
    assert "containers[0].image" in told(imported, "pinned to runner 17.6.0")
    assert "manager" not in data(imported), "30 seconds are what the API server fills in"
    assert not [one for one in symptoms(imported) if "not carried over" in one]
