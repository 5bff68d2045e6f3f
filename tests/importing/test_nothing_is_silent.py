"""Every value of what is given ends with a word, and no text is too odd to be answered."""

from __future__ import annotations

import json
import time
import tracemalloc
from contextlib import suppress

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.importing.cases import URL, data, read, symptoms, toml
from wizard.core.errors import WizardError
from wizard.core.secrets import redact
from wizard.importing import Fate, Imported, Row
from wizard.importing.texts import toml_text


def _unsaid(imported: Imported) -> list[str]:
    """Values with a fate that no finding, no key of the profile and no reason explains."""
    told = " ".join(f"{one.problem} {one.evidence} {one.cause}" for one in imported.findings)
    silent = [row.key for row in imported.rows if not row.words]
    unread = [row.key for row in imported.rows if row.fate is Fate.UNREAD]
    lost = [row.key for row in imported.rows if row.fate is Fate.LEFT and not _is_named(row, told)]
    gone = [row.key for row in imported.rows if row.fate is Fate.KEPT and not _is_in(row, imported)]
    return silent + lost + gone + ([] if "was not understood" in told else unread)


def _is_named(row: Row, told: str) -> bool:
    """Whether a finding names what was left out, or what it is a part of."""
    names = [part for part in row.spot.path if isinstance(part, str)]
    return row.words in told or any(name in told for name in names)


def _is_in(row: Row, imported: Imported) -> bool:
    """Whether a value that was kept is in the profile under its name."""
    names = [part for part in row.spot.path if isinstance(part, str)]
    return f"{names[-1]}:" in imported.text


_KEYS = (
    *("gitlabUrl", "concurrent", "replicas", "rbac", "runners", "image", "metrics", "hpa", "tags"),
    *("config", "secret", "privileged", "builds", "cache", "create", "rules", "tag", "anything"),
    *(
        "envVars",
        "extraEnv",
        "podAnnotations",
        "resources",
        "limits",
        "cpu",
        "name",
        "securityContext",
    ),
)
_SCALARS = st.one_of(
    st.booleans(), st.integers(0, 20), st.sampled_from(["", "a", "4Gi", "${x}", "{{ .Values.a }}"])
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5)
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=6))
def test_whatever_the_values_are_each_ends_with_a_word(values: dict[str, object]) -> None:
    text = yaml.safe_dump({"gitlabUrl": URL, **values})
    try:
        imported = read(text)
    except WizardError:
        return
    assert _unsaid(imported) == []
    for finding in imported.findings:
        assert finding.evidence, finding
        assert finding.cause, finding
        assert finding.fix, finding


_TABLE_KEYS = (
    *("image", "namespace", "privileged", "cpu_limit", "memory_request", "pull_policy", "nothing"),
    *("helper_image", "service_account", "environment", "node_selector", "volumes", "cap_add"),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(_TABLE_KEYS), _SCALARS, max_size=6))
def test_whatever_a_table_holds_each_ends_with_a_word(keys: dict[str, object]) -> None:
    body = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items()) or "image = 'a'"
    try:
        imported = read(toml(body))
    except WizardError:
        return
    assert _unsaid(imported) == []


def test_a_value_that_nobody_knows_is_itself_a_finding() -> None:
    imported = read(
        f"""
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: {{name: gitlab-runner, namespace: ci}}
        oddity: {{deep: 1}}
        spec:
          chart: {{spec: {{chart: gitlab-runner, version: 0.88.3}}}}
          values: {{gitlabUrl: {URL}}}
        """
    )
    assert "oddity.deep was not understood" in symptoms(imported)


def test_an_alias_without_end_is_refused_in_words() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    with pytest.raises(WizardError, match="cannot be read as YAML"):
        read(f"gitlabUrl: {URL}\n{bomb}")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a: " + "{{" * 200_000,
        "gitlabUrl: x\nrunners:\n  config: |\n    " + "{{ " * 100_000,
        "gitlabUrl: x\nrunners:\n  config: |\n" + "    [a]\n" * 3_000,
        'resource "helm_release" "a" {\n' + "x = <<E\n" * 20_000,
        "<<<<" * 100_000,
        f"gitlabUrl: {URL}\n" + "concurrent: 3\n" * 60_000,
        f"gitlabUrl: {URL}\nextraEnv:\n" + "".join(f"  V{n}: a{n} b\n" for n in range(4_900)),
        f"concurrent = 4\n[[runners]]\n url = '{URL}'\n environment = ["
        + ", ".join(f"'V{n}=value {n}'" for n in range(50_000))
        + "]\n",
        "concurrent = 4\n" + f"[[runners]]\n url = '{URL}'\n" * 20_000,
        f"concurrent = 4\n[[runners]]\n url = '{URL}'\n [runners.kubernetes.node_selector]\n"
        + "".join(f"  k{n} = 'v{n}'\n" for n in range(40_000))
        + "b = = 1\n" * 30,
        "".join(f"r{n}: {{gitlabUrl: {URL}, runners: {{secret: a}}}}\n" for n in range(8_000)),
        "kind: Application\napiVersion: argoproj.io/v1alpha1\nmetadata: {name: a}\nspec:\n"
        "  source:\n    chart: gitlab-runner\n    helm:\n      parameters:\n"
        + "".join(f"      - {{name: extraEnv.V{n}, value: a}}\n" for n in range(9_000)),
        "locals {\n"
        + "".join(f' l{n} = "v"\n' for n in range(4_000))
        + "}\n".join(f'resource "a" "b{n}" {{\n x = "${{local.l{n}}}"\n}}\n' for n in range(9_000)),
        'resource "helm_release" "a" {\n  chart = "gitlab-runner"\n  values = ['
        + "f(1)," * 150_000
        + "]\n}\n",
        "x {\n" * 200_000,
        f"[[runners]]\n[{'a.' * 20_000}b]\nx = 1\n",
        "concurrent = 4\n"
        + "".join(
            f"[[runners]]\n name = 'r{n}'\n url = '{URL}'\n [runners.kubernetes]\n"
            "  image = 'a b'\n  cpu_limit = 'x'\n  memory_limit = 'y'\n  poll_timeout = -1\n"
            for n in range(95)
        ),
        'resource "helm_release" "a" {\n  chart = "gitlab-runner"\n'
        + "".join(f'  set {{\n name = "extraEnv.V{n}"\n value = "1"\n }}\n' for n in range(15_000))
        + "}\n",
    ],
    ids=lambda text: text[:30],
)
def test_no_text_takes_long_whatever_it_is(text: str) -> None:
    begun = time.process_time()
    with suppress(WizardError):
        read(text)
    # A second on a machine of one's own; others may use this one as well.
    assert time.process_time() - begun < 3


def test_a_megabyte_of_values_takes_a_hundred_at_most() -> None:
    text = f"gitlabUrl: {URL}\nextraEnv:\n" + "".join(
        f"  V{number}: {'x' * 200} {number}\n" for number in range(4_800)
    )
    tracemalloc.start()
    try:
        assert data(read(text))["runners"][0]["extra_values"]["extraEnv"]["V7"]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100 * 2**20


def test_more_runners_than_one_profile_takes_are_refused_in_words() -> None:
    tables = "".join(f"[[runners]]\n name = 'r{n}'\n url = '{URL}'\n" for n in range(300))
    with pytest.raises(WizardError, match="sets up 300 runners"):
        read(f"concurrent = 4\n{tables}", "config.toml")


def test_of_two_parameters_of_one_name_the_last_counts_and_the_first_is_named() -> None:
    imported = read(
        f"""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {{name: a, namespace: argocd}}
        spec:
          source:
            chart: gitlab-runner
            targetRevision: 0.88.3
            helm:
              parameters:
                - {{name: gitlabUrl, value: "{URL}"}}
                - {{name: concurrent, value: "3"}}
                - {{name: concurrent, value: "5"}}
        """
    )
    assert data(imported)["runners"][0]["jobs"]["concurrent"] == 5
    first = next(row for row in imported.rows if row.line == 12 and row.key.endswith("value"))
    assert "counts in its place" in first.words
    assert _unsaid(imported) == []


def test_a_file_called_like_a_token_keeps_its_name_in_what_is_shown() -> None:
    imported = read(f"gitlabUrl: {URL}\n", "glrt-registration.yaml")
    assert all("glrt-registration.yaml" in redact(one.evidence) for one in imported.findings)


def test_a_line_that_is_no_toml_costs_itself() -> None:
    found = toml_text('a = 1\nb = = 2\n[[runners]]\nname = "x"\n')
    assert found.data == {"a": 1, "runners": [{"name": "x"}]}
    assert [line for line, _ in found.broken] == [2]
    assert found.lines["runners", 0, "name"] == 4
