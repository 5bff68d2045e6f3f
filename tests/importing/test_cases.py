"""What people publish, and what was once lost of it or told wrong."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.importing.cases import URL, data, profile, read, runner, symptoms, told, toml
from wizard.core.errors import UsageError
from wizard.importing.placeholders import FILL_IN
from wizard.profile.load import load_text
from wizard.render import check, files


def test_an_application_that_only_names_a_folder_says_what_to_import():
    with pytest.raises(UsageError) as refused:
        read(
            """
            apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: gitlab-runner-dmz, namespace: argocd}
            spec:
              source: {repoURL: "https://git.example.com/home/gitops.git", path: dmz/gitlab-runner}
              destination: {name: dmz, namespace: gitlab-runner}
            """,
            "app.yaml",
        )
    assert "reads dmz/gitlab-runner in https://git.example.com/home/gitops.git" in str(
        refused.value.cause
    )


def test_an_unknown_gitlab_is_a_word_that_check_refuses_and_never_a_guess():
    imported = read("concurrent: 4\nrunners: {secret: a}\nrbac: {create: true}\n")
    assert data(imported)["gitlab"]["url"] == FILL_IN
    assert "# The file does not say which GitLab it works for." in imported.text
    assert ("gitlab", "url") in imported.asked


APPLICATION = f"""
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: runner-build, namespace: argocd}}
spec:
  project: ci
  sources:
    - repoURL: https://charts.gitlab.io
      chart: gitlab-runner
      targetRevision: 0.88.3
      helm:
        valuesObject: {{gitlabUrl: {URL}, concurrent: 4, runners: {{secret: runner-token}}}}
    - {{repoURL: "https://git.example.com/gitops.git", targetRevision: main, ref: values}}
  destination: {{name: build-cluster, namespace: ci}}
  syncPolicy: {{automated: {{prune: true}}}}
"""


def test_the_repository_of_a_ref_source_counts_and_another_cluster_is_told():
    imported = read(APPLICATION, "app.yaml")
    made = profile(imported)
    assert made.delivery.repository is not None
    assert made.delivery.repository.url == "https://git.example.com/gitops.git"
    assert made.manager.runner_version == "18.11.3"
    assert "app.yaml, line 14: destination.name" in told(imported, "goes to another cluster")
    assert told(imported, "not carried over from the Application: syncPolicy")


def test_a_config_map_of_kubectl_is_read_with_its_lines_and_namespace():
    imported = read(
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: gitlab-runner, namespace: ci}
        data:
          config.toml: |
            concurrent = 4
            [[runners]]
              name = "k8s"
              url = "https://gitlab.example.com/ci"
              token = "REPLACED"
              executor = "kubernetes"
              [runners.kubernetes]
                namespace = "ci"
                image = "ruby:3.3"
        """,
        "cm.yaml",
    )
    made = profile(imported)
    assert (made.gitlab.url, made.runners[0].jobs.image) == (URL, "ruby:3.3")
    assert made.cluster.namespace == "ci"
    assert "cm.yaml, line 14: [runners.kubernetes] namespace" in told(
        imported, "jobs run in the manager's namespace"
    )


def test_the_charts_default_counts_for_each_of_several_managers():
    imported = read(f"gitlabUrl: {URL}\nreplicas: 3\nrunners: {{secret: a}}\n")
    made = profile(imported)
    assert (made.manager.replicas, made.runners[0].jobs.concurrent) == (3, 30)
    words = told(imported, "the file does not set concurrent")
    assert "10 jobs at once, the chart's default; there are 3 managers" in words


def test_docker_in_docker_has_one_set_of_variables_and_what_was_open_is_told():
    imported = read(
        f"""
        concurrent = 4
        [[runners]]
          name = "build"
          url = "{URL}"
          executor = "kubernetes"
          environment = [
            "DOCKER_HOST=tcp://docker:2375", "DOCKER_TLS_CERTDIR=", "GIT_SSL_NO_VERIFY=1"
          ]
          [runners.kubernetes]
            image = "docker:24"
            privileged = true
        """,
        "config.toml",
    )
    assert runner(imported)["builds"] == "dind"
    assert runner(imported)["extra_config"] == {"environment": ["GIT_SSL_NO_VERIFY=1"]}
    assert told(imported, "Docker in Docker runs without TLS")
    assert "gitlab.ca_file" in told(imported, "GIT_SSL_NO_VERIFY")
    assert "left out" in told(imported, "builds: dind sets DOCKER_HOST, DOCKER_TLS_CERTDIR itself")


def test_an_authentication_token_under_the_old_key_is_no_registration_token():
    imported = read(
        f"gitlabUrl: {URL}\nrunnerRegistrationToken: glrt-{secrets.token_hex(10)}\n"
        "runners: {tags: 'a,b'}\n"
    )
    assert "under the key of a registration token" in told(imported, "the runner's token is in")
    assert told(imported, "runners.tags does nothing")
    assert not [one for one in symptoms(imported) if "registers with" in one]
    assert runner(imported)["tags"] == ["a", "b"]


@pytest.mark.parametrize(
    ("version", "said"),
    [("0.73.1", "runners.tags stops a runner"), ("0.74.0", "runners.tags does nothing for")],
)
def test_what_gitlab_keeps_stops_a_runner_whose_token_an_old_chart_did_not_look_for(
    version: str, said: str
):
    imported = read(
        f"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {{name: runner, namespace: argocd}}
        spec:
          destination: {{namespace: gitlab-runner}}
          source:
            repoURL: https://charts.gitlab.io
            chart: gitlab-runner
            targetRevision: {version}
            helm:
              valuesObject: {{gitlabUrl: "{URL}", runners: {{secret: s, tags: "a,b"}}}}
        """
    )
    assert told(imported, said)


def test_where_the_chart_is_not_known_both_are_said_of_what_gitlab_keeps():
    imported = read(f"gitlabUrl: {URL}\nrunners: {{secret: s, tags: 'a,b'}}\n")
    assert "with a chart before 0.74.0, it does not start" in told(
        imported, "runners.tags does nothing for"
    )


@pytest.mark.parametrize("heading", ["USER-SUPPLIED VALUES:", "COMPUTED VALUES:"])
def test_the_heading_of_helm_get_values_is_none_of_the_values(heading: str):
    plain = f"concurrent: 4\ngitlabUrl: {URL}\nrunners:\n  secret: a\n"
    imported = read(f"{heading}\n{plain}")
    assert symptoms(imported) == symptoms(read(plain))
    assert imported.text == read(plain).text


def test_a_flavor_goes_with_the_helper_image_that_it_had_no_effect_beside():
    imported = read(
        toml('helper_image = "r.example.com/helper:arm64-v18.3.0"\nhelper_image_flavor = "arm64"')
    )
    assert "extra_config" not in runner(imported)
    assert told(imported, "helper_image_flavor has no effect")
    assert "cluster.architectures: [arm64]" in told(imported, "the helper image is for arm64")


def test_a_flavor_that_does_not_exist_is_told_and_one_that_does_is_kept():
    assert told(read(toml('helper_image_flavor = "arm64"')), "there is no helper image")
    kept = read(toml('helper_image_flavor = "ubuntu"'))
    assert runner(kept)["extra_config"]["kubernetes"] == {"helper_image_flavor": "ubuntu"}


def test_a_helper_image_that_follows_the_runner_is_a_mirror_and_not_pinned():
    version = "x86_64-v${CI_RUNNER_VERSION}"
    imported = read(toml(f'helper_image = "r.example.com/m/gitlab-runner-helper:{version}"'))
    assert not [one for one in symptoms(imported) if "pinned" in one]
    assert runner(imported)["extra_config"]["kubernetes"]["helper_image"].endswith(version)
    path = "r.example.com/gitlab-org/gitlab-runner/gitlab-runner-helper"
    mirrored = read(toml(f'helper_image = "{path}:{version}"'))
    assert profile(mirrored).images.mirrors == {"registry.gitlab.com": "r.example.com"}


def test_what_the_wizard_writes_too_is_kept_where_the_file_says_otherwise():
    imported = read(
        f"""
        gitlabUrl: {URL}
        image: {{registry: r.example.com, image: mirror/gitlab-runner, tag: alpine-v17.11.0}}
        imagePullPolicy: Always
        unregisterRunners: false
        shutdown_timeout: 1800
        metrics: {{enabled: false, port: 9300}}
        rbac:
          create: true
          serviceAccountAnnotations: {{eks.amazonaws.com/role-arn: "arn:aws:iam::1:role/cache"}}
          imagePullSecrets: [regcred]
        runners: {{secret: a}}
        """
    )
    assert runner(imported)["extra_values"] == {
        "imagePullPolicy": "Always",
        "unregisterRunners": False,
        "shutdown_timeout": 1800,
        "metrics": {"enabled": False, "port": 9300},
        "image": {"registry": "r.example.com", "image": "mirror/gitlab-runner"},
        "serviceAccount": {
            "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/cache"}
        },
    }
    assert profile(imported).manager.image_pull_secrets == ["regcred"]
    assert told(imported, "the manager is pinned to runner 17.11.0")
    rendered = "".join(file.content for file in files(profile(imported)))
    assert "mirror/gitlab-runner" in rendered


def test_nothing_of_the_jobs_account_and_pull_policies_vanishes():
    imported = read(
        toml(
            """
            namespace = "ci"
            service_account = "deployer"
            automount_service_account_token = true
            pull_policy = ["always", "if-not-present"]
            allowed_pull_policies = ["always", "if-not-present", "never"]
            pod_disruption_budget = false
            """
        )
    )
    assert runner(imported)["extra_config"]["kubernetes"] == {
        "pull_policy": ["always", "if-not-present"],
        "allowed_pull_policies": ["always", "if-not-present", "never"],
        "pod_disruption_budget": False,
    }
    assert told(imported, "jobs lose the ServiceAccount deployer").startswith("breaks")


def test_a_key_in_the_wrong_place_is_told_where_it_belongs():
    imported = read(
        f"""
        gitlabUrl: {URL}
        tags: "build"
        config: "x"
        runners:
          secret: a
          config: |
            [[runners]]
              [runners.kubernetes]
                environment = ["A=1"]
                pre_build_script = "echo hi"
                [runners.kubernetes.node_selector]
                  "kubernetes.io/arch" = "arm64"
                  cpu_request = "1000m"
                  memory_request = "2Gi"
        """
    )
    assert "did you mean runners.config?" in told(imported, "config: ")
    assert "did you mean runners.tags?" in told(imported, "tags: ")
    assert "it belongs in [[runners]]" in told(imported, "'environment'")
    assert "it belongs in [[runners]]" in told(imported, "'pre_build_script'")
    jobs = profile(imported).runners[0].jobs
    assert jobs.node_selector == {"kubernetes.io/arch": "arm64"}
    assert (jobs.cpu.request, jobs.memory.request) == ("1", "2Gi")
    assert "line 14: [runners.kubernetes.node_selector] cpu_request" in told(
        imported, "cpu_request is below"
    )


def test_what_must_move_along_with_the_jobs_is_named():
    imported = read(
        toml(
            """
            namespace = "gitlab-runner"
            image_pull_secrets = ["regcred"]
            [[runners.kubernetes.volumes.pvc]]
              name = "ci-cache"
              mount_path = "/cache"
            """
        )
    )
    words = told(imported, "jobs need what is in their old namespace, gitlab-runner")
    assert "Secret regcred, PersistentVolumeClaim ci-cache" in words
    assert "Copy them to gitlab-runner-jobs" in words
    assert told(imported, "jobs move from the namespace gitlab-runner")


def _of_chart(version: str, values: str) -> str:
    lines = "\n".join(f"        {line}" for line in values.strip("\n").splitlines())
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
        "metadata: {name: gitlab-runner, namespace: argocd}\nspec:\n  source:\n"
        f"    chart: gitlab-runner\n    targetRevision: {version}\n    helm:\n      values: |\n"
        f"{lines}\n  destination: {{namespace: ci}}\n"
    )


def test_a_key_that_came_between_two_versions_that_were_read_is_carried_in_silence():
    values = toml("print_pod_warning_events = false")
    imported = read(_of_chart("0.83.1", values), "app.yaml")
    assert runner(imported)["extra_config"]["kubernetes"] == {"print_pod_warning_events": False}
    assert not [one for one in symptoms(imported) if "print_pod" in one]
    assert told(imported, "chart 0.83.1 is old: it brings runner 18.6")


def test_a_key_that_the_old_runner_surely_does_not_know_is_told_and_carried():
    imported = read(_of_chart("0.69.0", toml("pod_disruption_budget = false")), "app.yaml")
    assert runner(imported)["extra_config"]["kubernetes"] == {"pod_disruption_budget": False}
    assert "will have one with the profile's runner" in told(imported, "pod_disruption_budget")


OLD = f"""
gitlabUrl: {URL}
rbac:
  create: true
  resources: [pods, pods/exec, secrets]
  verbs: [get, list, watch, create, delete]
concurrent: 4
runners:
  image: docker:20.10
  privileged: true
  builds: {{cpuRequests: 500m, memoryLimit: 3Gi}}
  helpers: {{memoryLimit: 512Mi}}
  cache: {{cacheType: s3, s3ServerAddress: "minio:9000", s3BucketName: ci, secretName: s3}}
"""


@pytest.mark.parametrize("name", ["app.yaml", "values.yaml"])
def test_what_charts_before_0_53_read_is_carried(name: str):
    imported = read(_of_chart("0.41.0", OLD) if name == "app.yaml" else OLD, name)
    made = profile(imported)
    jobs = made.runners[0].jobs
    assert (jobs.image, jobs.cpu.request, jobs.memory.limit) == ("docker:20.10", "500m", "3Gi")
    assert jobs.helper.memory.limit == "512Mi"
    assert made.runners[0].builds.strategy == "dind"
    assert runner(imported)["extra_config"]["cache"]["s3"]["ServerAddress"] == "minio:9000"
    assert "charts since 0.53.0 ignore" in told(imported, "runners.builds.cpuRequests")
    assert told(imported, "every job is privileged")
    assert not [one for one in symptoms(imported) if "does not know" in one or "everything" in one]


def test_what_a_newer_chart_does_not_read_any_more_has_no_effect_and_is_left_out():
    imported = read(_of_chart("0.88.3", OLD), "app.yaml")
    assert "charts since 0.53.0 ignore" in told(imported, "chart 0.88.3 does not read")
    assert runner(imported)["builds"] == "none"


def test_the_docker_socket_and_root_are_told_and_what_comes_out_fits_together():
    imported = read(
        f"""
        concurrent = 4
        [[runners]]
          url = "{URL}"
          [runners.kubernetes]
            namespace = "ci"
            [runners.kubernetes.pod_security_context]
              run_as_user = 0
            [[runners.kubernetes.volumes.host_path]]
              name = "docker"
              mount_path = "/var/run/docker.sock"
        """,
        "config.toml",
    )
    assert told(imported, "jobs mount the Docker socket").startswith("opens")
    assert told(imported, "jobs run as root").startswith("opens")
    made = profile(imported)
    assert made.runners[0].jobs.pod_security == "privileged"
    rendered = "".join(file.content for file in files(made))
    assert "run_as_non_root" not in rendered
    assert "privileged = true" not in rendered


def test_a_namespace_that_is_shared_is_not_taken_as_ours():
    imported = read(
        f"""
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: {{name: gitlab-runner, namespace: default}}
        spec:
          chart: {{spec: {{chart: gitlab-runner, version: 0.88.3}}}}
          values:
            gitlabUrl: {URL}
            runners:
              config: |
                [[runners]]
                  [runners.kubernetes]
                    namespace = "gitlab"
        """,
        "release.yaml",
    )
    assert data(imported)["cluster"]["namespace"] == "gitlab-runner"
    assert data(imported)["cluster"]["job_namespace"] == "gitlab-runner-jobs"
    assert told(imported, "the namespace default is shared")
    assert told(imported, "jobs run in gitlab, which is shared")


def test_jobs_keep_what_they_had_where_the_file_says_nothing():
    imported = read(toml('image = "debian:12"').replace("concurrent: 4\n", ""))
    jobs = profile(imported).runners[0].jobs
    assert jobs.concurrent == 10
    assert (jobs.pod_security, jobs.memory.limit, jobs.cpu.limit) == ("baseline", None, None)
    assert profile(imported).runners[0].maximum_timeout is None
    assert told(imported, "jobs have no limit of CPU and memory")
    assert told(imported, "jobs run as their image's own user")
    assert told(imported, "jobs lose the token of their namespace's ServiceAccount")
    assert told(imported, "the file sets no pull policy")
    assert told(imported, "the old runner's settings in GitLab")


def test_a_template_that_reads_values_makes_them_known_and_costs_itself_alone():
    imported = read(
        f"""
        gitlabUrl: {URL}
        mirror: r.example.com
        jobs: {{image: "alpine:3.20"}}
        runners:
          secret: a
          config: |
            [[runners]]
              clone_url = "{{{{ include "mine" . }}}}"
              [runners.kubernetes]
                image = "{{{{ .Values.jobs.image }}}}"
                privileged = ${{privileged}}
                helper_image = "{{{{ printf "%s/helper:x86_64-v18.9.0" .Values.mirror }}}}"
                memory_limit = "4Gi"
        """
    )
    jobs = profile(imported).runners[0].jobs
    assert (jobs.image, jobs.memory.limit) == ("alpine:3.20", "4Gi")
    assert told(imported, "pinned to r.example.com/helper:x86_64-v18.9.0")
    assert told(imported, "privileged is not filled in: ${privileged}")
    assert told(imported, "what Helm makes of {{ include")
    assert not [one for one in symptoms(imported) if "'jobs'" in one or "'mirror'" in one]


def test_lists_that_a_template_walks_are_known_and_make_a_condition_true():
    imported = read(
        f"""
        gitlabUrl: {URL}
        disks: [a]
        more: {{}}
        runners:
          secret: a
          config: |
            [[runners]]
              [runners.kubernetes]
                {{{{- if .Values.disks }}}}
                image = "with"
                {{{{- else }}}}
                image = "without"
                {{{{- end }}}}
                {{{{- if .Values.more }}}}
                privileged = true
                {{{{- end }}}}
                {{{{- range .Values.disks }}}}
                [[runners.kubernetes.volumes.pvc]]
                  name = "{{{{ . }}}}"
                  mount_path = "/x"
                {{{{- end }}}}
        """
    )
    assert runner(imported)["jobs"]["image"] == "with"
    assert runner(imported)["jobs"]["pod_security"] == "baseline"
    assert told(imported, "the import cannot evaluate {{- range .Values.disks }}")
    assert not [one for one in symptoms(imported) if "does not know" in one and "disks" in one]


def test_a_template_of_two_tables_never_started():
    imported = read(
        toml('image = "a"\n').replace("    [[runners]]", '    [[runners]]\n      name = "small"')
        + '    [[runners]]\n      name = "big"\n'
    )
    assert "must contain exactly one" in told(
        imported, "2 [[runners]] tables, and may have only one"
    )
    assert [one["name"] for one in data(imported)["runners"]] == ["small", "big"]
    assert not [one for one in symptoms(imported) if "shared" in one]


def test_values_of_an_umbrella_chart_in_a_release_are_found():
    imported = read(
        f"""
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: {{name: ci, namespace: ci}}
        spec:
          chart: {{spec: {{chart: ./charts/ci, sourceRef: {{kind: GitRepository, name: p}}}}}}
          values:
            gitlab-runner: {{gitlabUrl: {URL}, concurrent: 8, runners: {{secret: runner-token}}}}
        """,
        "release.yaml",
    )
    assert (profile(imported).gitlab.url, runner(imported)["jobs"]["concurrent"]) == (URL, 8)


def test_parameters_reach_below_an_umbrella_charts_key():
    imported = read(
        f"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {{name: ci, namespace: argocd}}
        spec:
          source:
            repoURL: https://git.example.com/gitops.git
            path: charts/ci
            helm:
              values: |
                gitlab-runner:
                  gitlabUrl: {URL}
                  concurrent: 2
              parameters: [{{name: gitlab-runner.concurrent, value: "8"}}]
        """,
        "app.yaml",
    )
    assert runner(imported)["jobs"]["concurrent"] == 8


def test_the_defects_that_an_expert_would_name_are_named():
    imported = read(
        """
        gitlabUrl: http://gitlab.example.com
        securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}}
        rbac: {create: false}
        runners:
          config: |
            [[runners]]
              environment = ["GIT_SSL_NO_VERIFY=1"]
              [runners.kubernetes]
                image = "docker:latest"
                service_account_overwrite_allowed = ".*"
                [[runners.kubernetes.volumes.host_path]]
                  name = "docker"
                  mount_path = "/var/run/docker.sock"
        """
    )
    for words in (
        "the manager itself is privileged, has SYS_ADMIN",
        "rbac.create is false",
        "jobs mount the Docker socket",
        "GIT_SSL_NO_VERIFY",
        "a job may run as any ServiceAccount of its namespace",
        "jobs have no limit",
        "docker:latest has a moving tag",
        "talks to GitLab over http",
    ):
        assert told(imported, words)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("allow_privilege_escalation = true", "may become root by a setuid file"),
        ('service_account_overwrite_allowed = "^[a-z-]+"', "a job may run as any ServiceAccount"),
        ('volumes = {secret = [{name = "s", mount_path = "/s"}]}', "can read these Secrets"),
    ],
)
def test_what_check_warns_of_in_a_kept_key_the_import_says_too(line: str, words: str):
    imported = read(
        f"""
        [[runners]]
          name = "a"
          url = "{URL}"
          executor = "kubernetes"
          [runners.kubernetes]
            {line}
        """,
        "config.toml",
    )
    loaded = load_text(imported.text, Path("profile.yaml"))
    loaded.check(check)
    assert any(words in str(one) for one in loaded.warnings)
    assert told(imported, words)


def test_the_runner_is_found_by_structure_and_not_by_a_word_in_another_document():
    imported = read(
        f"""
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: {{name: cache, namespace: ci}}
        spec:
          dependsOn: [{{name: gitlab-runner}}]
          chart: {{spec: {{chart: minio, version: 5.4.0}}}}
          values: {{mode: standalone}}
        ---
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: {{name: gitlab-runner, namespace: ci}}
        spec:
          chart: {{spec: {{chart: gitlab-runner, version: 0.88.3}}}}
          values: {{gitlabUrl: {URL}, concurrent: 6, runners: {{secret: runner-token}}}}
        """,
        "releases.yaml",
    )
    assert profile(imported).manager.runner_version == "18.11.3"
    assert (profile(imported).gitlab.url, runner(imported)["jobs"]["concurrent"]) == (URL, 6)
    assert not [one for one in symptoms(imported) if "mode" in one]


def test_an_address_that_is_none_is_asked_for_and_not_replaced_by_another():
    imported = read(toml('image = "a"').replace(URL, "$GITLAB_URL_HERE"))
    assert data(imported)["gitlab"]["url"] == FILL_IN


def test_values_of_another_chart_with_rights_of_its_own_are_none_of_a_runner():
    with pytest.raises(UsageError):
        read("rbac: {create: true}\nrunner: {image: x}\nreplicaCount: 2\n")


def test_no_secret_of_a_service_that_has_a_shape_of_its_own_reaches_the_profile():
    made = {
        "A": f"ghp_{secrets.token_hex(18)}",
        "B": f"npm_{secrets.token_hex(18)}",
        "C": f"dckr_pat_{secrets.token_hex(14)}",
        "D": f"sqp_{secrets.token_hex(20)}",
        "E": f"xoxb-{secrets.token_hex(12)}",
        "SONAR_LOGIN": secrets.token_hex(20),
        "ARTIFACTORY_KEY": secrets.token_hex(20),
    }
    pairs = ", ".join(f'"{name}={value}"' for name, value in made.items())
    imported = read(
        f'concurrent = 1\n[[runners]]\nurl = "{URL}"\nexecutor = "kubernetes"\n'
        f'environment = [{pairs}, "CI_SIZE=4"]\n',
        "config.toml",
    )
    words = f"{imported.text}{imported.findings}"
    for name, value in made.items():
        assert told(imported, f"the variable {name} holds a secret").startswith("opens")
        assert value not in words
    assert runner(imported)["extra_config"] == {"environment": ["CI_SIZE=4"]}


def test_what_a_key_opens_is_told_by_the_table_that_check_has_too():
    imported = read(
        toml(
            """
            service_account_overwrite_allowed = ".*"
            pod_annotations_overwrite_allowed = "^.*$"
            bearer_token_overwrite_allowed = true
            host = "https://10.0.0.1:6443"
            """
        )
    )
    assert "extra_config.kubernetes.host" in told(imported, "host: the manager makes its pods in")
    assert told(imported, "service_account_overwrite_allowed: a job may run as any")
    assert told(imported, "pod_annotations_overwrite_allowed: a job may set any annotation")
    assert "it was left out" in told(imported, "bearer_token_overwrite_allowed: a job may have")


def test_a_cloud_role_that_trusts_the_old_account_must_trust_the_new_one():
    role = "eks.amazonaws.com/role-arn"
    imported = read(
        f"gitlabUrl: {URL}\nrunners: {{secret: a, name: build}}\nserviceAccount:\n"
        f"  name: old\n  annotations:\n    {role}: arn:aws:iam::1:role/cache\n"
    )
    words = told(imported, "the AWS role of the manager does not trust its new ServiceAccount")
    assert words.startswith("breaks")
    assert "values.yaml, line 6: serviceAccount.annotations" in words
    assert "names the old one, old" in words
    assert "Add gitlab-runner/gitlab-runner-build" in words


def test_many_unknown_keys_are_named_together_and_cost_little():
    many = "\n".join(f'key{index} = "x"' for index in range(3000))
    imported = read(toml(f'{many}\nimage = "ruby:3.3"'))
    assert runner(imported)["jobs"]["image"] == "ruby:3.3"
    assert len(imported.findings) < 60
    assert "has no effect" in told(imported, "not carried over: ")
