"""Every wrapper that people use: found by structure, with what it says of the release."""

from __future__ import annotations

import base64

import pytest

from tests.importing.cases import URL, data, profile, read, read_all, runner, symptoms, told
from wizard.core.errors import UsageError
from wizard.importing.placeholders import FILL_IN

_OTHERS = {
    "helmchart.yaml": f"""
        apiVersion: helm.cattle.io/v1
        kind: HelmChart
        metadata: {{name: gitlab-runner, namespace: kube-system}}
        spec:
          chart: gitlab-runner
          repo: https://charts.gitlab.io
          version: 0.88.3
          targetNamespace: ci
          valuesContent: |-
            gitlabUrl: {URL}
            concurrent: 7
        """,
    "kustomization.yaml": f"""
        resources: [namespace.yaml]
        helmCharts:
          - name: gitlab-runner
            repo: https://charts.gitlab.io
            version: 0.88.3
            releaseName: gitlab-runner
            namespace: ci
            valuesInline: {{gitlabUrl: {URL}, concurrent: 7}}
        """,
    "helmfile.yaml": f"""
        repositories: [{{name: gitlab, url: "https://charts.gitlab.io"}}]
        releases:
          - {{name: other, chart: stable/other}}
          - name: gitlab-runner
            namespace: ci
            chart: gitlab/gitlab-runner
            version: 0.88.3
            values:
              - gitlabUrl: {URL}
            set:
              - {{name: concurrent, value: 7}}
        """,
    "fleet.yaml": f"""
        defaultNamespace: ci
        helm:
          chart: gitlab-runner
          repo: https://charts.gitlab.io
          version: 0.88.3
          releaseName: gitlab-runner
          values: {{gitlabUrl: {URL}, concurrent: 7}}
        """,
    "main.tf": f"""
        variable "x" {{}}
        resource "helm_release" "runner" {{
          name       = "gitlab-runner"
          repository = "https://charts.gitlab.io"
          chart      = "gitlab-runner"
          version    = "0.88.3"
          namespace  = "ci"
          values = [yamlencode({{
            gitlabUrl  = "{URL}" # the address
            concurrent = 3
          }})]
          set {{
            name  = "concurrent"
            value = "7"
          }}
        }}
        """,
    "heredoc.tf": f"""
        resource "helm_release" "runner" {{
          name = "gitlab-runner"
          chart = "gitlab-runner"
          version = "0.88.3"
          namespace = "ci"
          values = [<<-EOT
            gitlabUrl: {URL}
            concurrent: 7
          EOT
          ]
        }}
        """,
    "release.yaml": f"""
        apiVersion: helm.toolkit.fluxcd.io/v2beta1
        kind: HelmRelease
        metadata: {{name: gitlab-runner, namespace: flux-system}}
        spec:
          targetNamespace: ci
          interval: 5m
          chart: {{spec: {{chart: gitlab-runner, version: 0.88.3}}}}
          values: {{gitlabUrl: {URL}, concurrent: 7}}
        """,
}


@pytest.mark.parametrize("name", _OTHERS)
def test_a_wrapper_says_chart_namespace_and_values(name: str) -> None:
    imported = read(_OTHERS[name], name)
    made = profile(imported)
    assert (made.gitlab.url, made.runners[0].jobs.concurrent) == (URL, 7)
    assert made.manager.runner_version == "18.11.3"
    assert made.cluster.namespace == "ci"
    assert not [one for one in symptoms(imported) if "not understood" in one]


def test_a_runner_of_the_operator_becomes_one() -> None:
    imported = read(
        f"""
        apiVersion: apps.gitlab.com/v1beta2
        kind: Runner
        metadata: {{name: gitlab-runner, namespace: ci}}
        spec:
          gitlabUrl: {URL}
          token: gitlab-runner-secret
          tags: openshift, build
          concurrent: 7
          buildImage: alpine:3.20
          config: custom-config
        """
    )
    made = profile(imported)
    assert (made.runners[0].jobs.concurrent, made.runners[0].jobs.image) == (7, "alpine:3.20")
    assert made.runners[0].tags == ["openshift", "build"]
    assert told(imported, "config was not read").startswith("breaks")
    assert told(imported, "GitLab's operator runs this")


def test_what_helm_template_prints_is_one_runner() -> None:
    imported = read(
        f"""
        apiVersion: v1
        kind: List
        items:
          - apiVersion: v1
            kind: ConfigMap
            metadata: {{name: gitlab-runner, namespace: ci}}
            data:
              entrypoint: "#!/bin/bash"
              config.toml: |
                concurrent = 5
              config.template.toml: |
                [[runners]]
                  [runners.kubernetes]
                    image = "alpine:3.20"
          - apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {{name: gitlab-runner}}
            rules: [{{apiGroups: [""], resources: ["*"], verbs: ["*"]}}]
          - apiVersion: apps/v1
            kind: Deployment
            metadata: {{name: gitlab-runner, namespace: ci}}
            spec:
              replicas: 2
              template:
                spec:
                  containers:
                    - name: gitlab-runner
                      image: registry.gitlab.com/gitlab-org/gitlab-runner:alpine-v17.5.0
                      env:
                        - {{name: CI_SERVER_URL, value: "{URL}"}}
                        - {{name: KUBERNETES_PRIVILEGED, value: "true"}}
                  volumes: [{{name: c, configMap: {{name: gitlab-runner}}}}]
        """
    )
    made = profile(imported)
    assert len(made.runners) == 1
    assert (made.gitlab.url, made.manager.replicas) == (URL, 2)
    assert (made.runners[0].jobs.concurrent, made.runners[0].jobs.image) == (10, "alpine:3.20")
    assert told(imported, "every job is privileged")
    assert told(imported, "the manager may do more than jobs need: everything (any verb)")
    assert told(imported, "pinned to runner 17.5.0")


def test_a_config_in_a_secret_is_read_and_its_token_not_copied() -> None:
    token = "glrt-" + "a1" * 10
    text = f'concurrent = 2\n[[runners]]\n  url = "{URL}"\n  token = "{token}"\n'
    imported = read(
        f"""
        apiVersion: v1
        kind: Secret
        metadata: {{name: runner, namespace: ci}}
        data: {{config.toml: {base64.b64encode(text.encode()).decode()}}}
        """
    )
    assert token not in str(imported)
    assert profile(imported).runners[0].jobs.concurrent == 2


def test_several_releases_become_several_runners_of_one_profile() -> None:
    imported = read(
        f"""
        small: {{gitlabUrl: {URL}, concurrent: 2, runners: {{secret: a}}}}
        big: {{gitlabUrl: {URL}, concurrent: 9, runners: {{secret: b}}}}
        """
    )
    assert [one["name"] for one in data(imported)["runners"]] == ["small", "big"]
    assert [one["jobs"]["concurrent"] for one in data(imported)["runners"]] == [2, 9]


def test_files_that_were_given_too_are_found_by_their_path() -> None:
    imported = read_all(
        apps___runner__yaml="""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: ci-runner, namespace: argocd}
        spec:
          sources:
            - chart: gitlab-runner
              repoURL: https://charts.gitlab.io
              targetRevision: 0.88.3
              helm: {valueFiles: [$values/ci/values.yaml]}
            - {repoURL: "https://git.example.com/gitops.git", ref: values}
          destination: {namespace: ci}
        """,
        ci___values__yaml=f"gitlabUrl: {URL}\nconcurrent: 6\nrbac: {{create: true}}\n",
    )
    assert runner(imported)["jobs"]["concurrent"] == 6
    assert not [one for one in symptoms(imported) if "elsewhere" in one]


def test_values_that_were_not_given_are_named() -> None:
    imported = read(
        """
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: ci-runner, namespace: argocd}
        spec:
          source: {chart: gitlab-runner, targetRevision: 0.88.3, helm: {valueFiles: [v.yaml]}}
          destination: {namespace: ci}
        """
    )
    assert "v.yaml, which was not given" in told(imported, "some values are elsewhere")
    assert data(imported)["gitlab"]["url"] == FILL_IN
    assert not [one for one in symptoms(imported) if "rbac.create is not" in one]


def test_the_external_secret_beside_says_the_backend_and_the_pipeline_the_builder() -> None:
    imported = read_all(
        values__yaml=f"gitlabUrl: {URL}\nrunners: {{secret: gitlab-runner-token}}\n",
        secret__yaml="""
        apiVersion: external-secrets.io/v1
        kind: ExternalSecret
        metadata: {name: gitlab-runner-token}
        spec:
          secretStoreRef: {kind: ClusterSecretStore, name: infisical}
          data: [{secretKey: runner-token, remoteRef: {key: /gitlab/RUNNER_TOKEN}}]
        """,
        store__yaml="""
        apiVersion: external-secrets.io/v1
        kind: ClusterSecretStore
        metadata: {name: infisical}
        spec:
          provider:
            infisical:
              hostAPI: https://app.infisical.com
              secretsScope: {projectSlug: homelab, environmentSlug: prod, secretsPath: /}
        """,
        **{
            ".gitlab-ci.yml": """
            build:
              image: {name: "gcr.io/kaniko-project/executor:v1.23.2", entrypoint: [""]}
              script: [echo]
            """
        },
    )
    secrets = data(imported)["secrets"]
    assert secrets["backend"] == "infisical"
    assert secrets["infisical"]["project"] == "homelab"
    assert secrets["store"] == {"kind": "ClusterSecretStore", "name": "infisical"}
    assert runner(imported)["builds"] == "kaniko"
    assert "no shell" in told(imported, "the pipeline builds with gcr.io/kaniko-project")


def test_what_a_kustomization_changes_of_the_chart_is_told() -> None:
    imported = read(
        f"""
        namespace: runners
        patches: [{{path: manager.yaml}}]
        helmCharts:
          - name: gitlab-runner
            repo: https://charts.gitlab.io
            version: 0.88.3
            namespace: ci
            valuesInline: {{gitlabUrl: {URL}, concurrent: 7}}
        """,
        "kustomization.yaml",
    )
    assert "line 3: patches" in told(imported, "patches of the Kustomization were not read")
    assert profile(imported).cluster.namespace == "runners", "it overrules the chart's own"


def test_a_chart_in_git_has_its_own_values_below_those_that_the_application_names() -> None:
    imported = read_all(
        app__yaml="""
            apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: runner, namespace: argocd}
            spec:
              project: ci
              source:
                repoURL: https://git.example.com/gitops.git
                targetRevision: main
                path: charts/runner
                helm: {valueFiles: [values-prod.yaml]}
              destination: {server: "https://kubernetes.default.svc", namespace: ci}
            """,
        charts___runner___values__yaml=f"""
            build: {{gitlabUrl: {URL}, concurrent: 3, runners: {{secret: a}}}}
            """,
        **{"charts/runner/values-prod.yaml": "build: {concurrent: 30}\n"},
    )
    made = profile(imported)
    assert made.runners[0].jobs.concurrent == 30
    assert made.delivery.packaging == "argocd"
    assert len(made.runners) == 1
    assert not [one for one in symptoms(imported) if "understood" in one]


def test_what_is_not_understood_is_named_for_what_it_is() -> None:
    with pytest.raises(UsageError) as refused:
        read("services: {runner: {image: gitlab/gitlab-runner}}\nversion: '3'\n", "compose.yaml")
    assert "a Docker Compose file: give the config.toml" in str(refused.value.cause)


HELM_GET_ALL = f"""NAME: build
LAST DEPLOYED: Mon Jan  5 10:00:00 2026
NAMESPACE: ci
STATUS: deployed
REVISION: 3
CHART: gitlab-runner
VERSION: 0.88.3
APP_VERSION: 18.11.3
USER-SUPPLIED VALUES:
concurrent: 4
gitlabUrl: {URL}
runners:
  secret: runner-token

COMPUTED VALUES:
concurrent: 4
gitlabUrl: {URL}
nothingOfOurs: 1
runners:
  secret: runner-token

HOOKS:
MANIFEST:
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: build}}

NOTES:
Your GitLab Runner should now be registered
"""


def test_helm_get_all_is_its_values_with_the_chart_and_the_namespace_that_it_names():
    imported = read(HELM_GET_ALL, "release.txt")
    assert len(data(imported)["runners"]) == 1
    assert profile(imported).manager.runner_version == "18.11.3"
    assert profile(imported).cluster.namespace == "ci"
    assert profile(imported).name == "build"
    assert "release.txt, line 12: runners" in told(imported, "jobs have no limit")
    assert not [one for one in symptoms(imported) if "know" in one or "understood" in one]


def test_the_operators_config_and_variables_are_read_where_their_config_maps_are_given():
    imported = read(
        f"""
        apiVersion: apps.gitlab.com/v1beta2
        kind: Runner
        metadata: {{name: build, namespace: ci}}
        spec: {{gitlabUrl: {URL}, token: runner-token, config: template, env: variables}}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {{name: template, namespace: ci}}
        data:
          config.toml: |
            [[runners]]
              [runners.kubernetes]
                image = "ruby:3.3"
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {{name: variables, namespace: ci}}
        data: {{KUBERNETES_MEMORY_LIMIT: 4Gi, GODEBUG: http2client=0}}
        """
    )
    assert len(data(imported)["runners"]) == 1
    jobs = profile(imported).runners[0].jobs
    assert (jobs.image, jobs.memory.limit) == ("ruby:3.3", "4Gi")
    assert "GODEBUG" in told(imported, "not carried over")
    assert not [one for one in symptoms(imported) if "was not read" in one]


def test_what_the_operators_runner_names_and_was_not_given_is_asked_for():
    imported = read(
        f"""
        apiVersion: apps.gitlab.com/v1beta2
        kind: Runner
        metadata: {{name: build, namespace: ci}}
        spec: {{gitlabUrl: {URL}, token: runner-token, env: variables}}
        """
    )
    assert "kubectl get configmap variables" in told(imported, "env was not read")


@pytest.mark.parametrize("kind", ["kubernetes_config_map", "kubernetes_config_map_v1"])
def test_a_config_map_of_terraform_is_read_as_the_config_that_it_holds(kind: str):
    imported = read(
        f"""\
        resource "{kind}" "runner" {{
          metadata {{
            name      = "gitlab-runner"
            namespace = "ci"
          }}
          data = {{
            "config.toml" = <<-EOT
              concurrent = 4
              [[runners]]
                url = "{URL}"
                executor = "kubernetes"
                [runners.kubernetes]
                  image = "ruby:3.3"
            EOT
          }}
        }}
        """,
        "main.tf",
    )
    assert profile(imported).runners[0].jobs.image == "ruby:3.3"
    assert profile(imported).cluster.namespace == "ci"
    assert "main.tf, line 12: [runners.kubernetes]" in told(imported, "jobs have no limit")


def test_parameters_name_entries_of_lists_and_numbers_that_are_text():
    imported = read(
        f"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {{name: ci, namespace: argocd}}
        spec:
          source:
            repoURL: https://charts.gitlab.io
            chart: gitlab-runner
            targetRevision: 0.88.3
            helm:
              parameters:
                - {{name: gitlabUrl, value: "{URL}"}}
                - {{name: concurrent, value: "12", forceString: true}}
                - {{name: replicas, value: "2", forceString: true}}
                - {{name: "tolerations[0].key", value: ci}}
                - {{name: "tolerations[0].operator", value: Exists}}
                - {{name: 'nodeSelector.kubernetes\\.io/os', value: linux}}
        """,
        "app.yaml",
    )
    manager = data(imported)["manager"]
    assert runner(imported)["jobs"]["concurrent"] == 24
    assert manager["tolerations"] == [{"key": "ci", "operator": "Exists"}]
    assert manager["node_selector"] == {"kubernetes.io/os": "linux"}
    assert not [one for one in symptoms(imported) if "know" in one or "understood" in one]


def test_one_value_of_flux_that_comes_from_elsewhere_is_put_where_it_belongs():
    imported = read(
        f"""
        apiVersion: helm.toolkit.fluxcd.io/v2beta1
        kind: HelmRelease
        metadata: {{name: build, namespace: flux-system}}
        spec:
          targetNamespace: ci
          chart: {{spec: {{chart: gitlab-runner, version: 0.88.3}}}}
          valuesFrom:
            - {{kind: ConfigMap, name: sizes, valuesKey: jobs, targetPath: concurrent}}
            - {{kind: Secret, name: token, valuesKey: token, targetPath: runnerToken}}
            - {{kind: Secret, name: more, valuesKey: a, targetPath: runners.name}}
          values: {{gitlabUrl: {URL}, hostAliases: [{{ip: 10.0.0.1}}]}}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {{name: sizes, namespace: flux-system}}
        data: {{jobs: "7"}}
        """
    )
    assert runner(imported)["jobs"]["concurrent"] == 7
    assert "the value of runners.name" in told(imported, "some values are elsewhere")
    assert "a token is never copied" in told(imported, "not carried over: valuesFrom")
    assert "hostAliases" in told(imported, "not carried over: hostAliases")
