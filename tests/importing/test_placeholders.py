"""What is not filled in yet costs its own value, and is never taken for something else."""

from __future__ import annotations

from tests.importing.cases import URL, data, read, runner, symptoms, told


def test_an_account_that_is_a_template_is_an_account_all_the_same() -> None:
    imported = read(
        f"""
        gitlabUrl: {URL}
        rbac: {{create: false, serviceAccountName: "${{account}}"}}
        runners: {{secret: a}}
        """
    )
    assert not [one for one in symptoms(imported) if "gives the manager no rights" in one]


def test_a_url_that_is_none_is_asked_for_and_gitlab_com_is_not_guessed() -> None:
    imported = read("gitlabUrl: 'http://[10.0.0.x](http://somewhere)'\nrunners: {secret: a}\n")
    assert data(imported)["gitlab"] == {"url": "FILL-IN"}
    assert ("gitlab", "url") in imported.asked


def test_a_word_in_the_place_of_a_token_is_no_token() -> None:
    for word in ("__GITLAB_TOKEN__", "<TOKEN>", "REPLACE_ME", "${token}"):
        imported = read(f"gitlabUrl: {URL}\nrunnerToken: '{word}'\n")
        assert not [one for one in symptoms(imported) if "token is in" in one], word


def test_directives_of_terraform_in_a_values_template_cost_nothing_else() -> None:
    imported = read(
        f"""
        gitlabUrl: {URL}
        replicas: ${{replicas}}
        %{{ if tls }}
        concurrent: 7
        %{{ endif }}
        runners: {{secret: a}}
        """
    )
    assert runner(imported)["jobs"]["concurrent"] == 7
    assert "${replicas}" in told(imported, "replicas is not filled in")


def test_a_module_of_ones_own_around_the_chart_is_read_as_a_release() -> None:
    imported = read(
        f"""
        module "runner" {{
          source        = "../../helm"
          chart         = "gitlab-runner"
          chart_version = "0.88.3"
          release_name  = "gitlab-runner-build"
          namespace     = "ci"
          set_sensitive = {{ "runnerToken" = local.token }}
          values = [
            <<-YAML
            gitlabUrl: {URL}
            concurrent: 6
            rbac:
              create: true
              rules:
                - resources: ["pods"]
                  verbs: [${{local.read}},${{local.write}}]
            YAML
          ]
        }}
        """,
        "main.tf",
    )
    made = data(imported)
    assert made["name"] == "build"
    assert made["manager"]["runner_version"] == "18.11.3"
    assert made["cluster"]["namespace"] == "ci"
    assert runner(imported)["jobs"]["concurrent"] == 6


def test_a_config_that_another_tool_works_out_is_named_and_no_broken_toml() -> None:
    imported = read(
        f"""
        resource "helm_release" "runner" {{
          chart  = "gitlab-runner"
          values = [yamlencode({{
            gitlabUrl  = "{URL}"
            concurrent = var.concurrent
            runners    = {{ config = local.config }}
          }})]
        }}
        """,
        "main.tf",
    )
    assert "${local.config}" in told(imported, "runners.config is not filled in")
    said = symptoms(imported)
    assert not [one for one in said if "TOML" in one or "concurrent is not in the file" in one]
    assert not [one for one in said if "not understood" in one]


def test_the_version_of_a_chart_around_the_runners_is_not_the_runners() -> None:
    imported = read(
        f"""
        apiVersion: helm.cattle.io/v1
        kind: HelmChart
        metadata: {{name: runner-cached, namespace: kube-system}}
        spec:
          chart: gitlab-runner-cached
          version: 0.1.8
          targetNamespace: ci
          valuesContent: |
            gitlabRunnerValues:
              gitlabUrl: {URL}
              runners: {{tags: a}}
        """
    )
    assert not [one for one in symptoms(imported) if "0.1.8" in one]
    rows = {row.key: row.words for row in imported.rows}
    assert rows["spec.version"] == "the version of the chart around it"


def test_what_the_profile_cannot_ask_for_is_not_said_to_be_carried() -> None:
    text = """
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {{name: runner, namespace: argocd}}
        spec:
          source:
            chart: gitlab-runner
            repoURL: https://charts.gitlab.io
            targetRevision: {version}
            helm: {{valuesObject: {{gitlabUrl: https://gitlab.example.com}}}}
        """
    fates = {
        version: next(
            row for row in read(text.format(version=version)).rows if "targetRevision" in row.key
        ).fate.value
        for version in ("0.41.0", "0.88.3", "'*'")
    }
    assert fates == {"0.41.0": "left out", "0.88.3": "carried", "'*'": "left out"}


def test_an_images_own_version_counts_where_the_wizard_can_set_it_up() -> None:
    imported = read(f"gitlabUrl: {URL}\nimage: {{tag: alpine-v18.11.3}}\nrunners: {{secret: a}}\n")
    assert data(imported)["manager"]["runner_version"] == "18.11.3"
    assert not [one for one in symptoms(imported) if "pinned" in one]


def test_what_values_open_is_told_by_the_table_that_check_has() -> None:
    imported = read(
        f"""
        gitlabUrl: {URL}
        rbac: {{create: true, clusterWideAccess: true}}
        serviceAccount: {{annotations: {{"example.com/role": ci}}}}
        runners: {{secret: a}}
        """
    )
    assert "every namespace" in told(imported, "rbac.clusterWideAccess")
    assert "cloud role" in told(imported, "serviceAccount.annotations")
