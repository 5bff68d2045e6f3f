"""Every value of what is given ends with a word, and no text is too odd to be answered."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.importing.cases import URL, read, symptoms, toml
from wizard.core.errors import WizardError
from wizard.importing import Fate, Imported
from wizard.importing.texts import toml_text


def _unsaid(imported: Imported) -> list[str]:
    """Values with a fate that no finding, no key of the profile and no reason explains."""
    told = " ".join(f"{one.problem} {one.cause}" for one in imported.findings)
    silent = [row.key for row in imported.rows if not row.words]
    unread = [row.key for row in imported.rows if row.fate is Fate.UNREAD]
    return silent + ([] if "was not understood" in told else unread)


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
    ],
)
def test_no_text_takes_long_whatever_it_is(text: str) -> None:
    begun = time.process_time()
    with suppress(WizardError):
        read(text)
    assert time.process_time() - begun < 2


def test_a_line_that_is_no_toml_costs_itself() -> None:
    found = toml_text('a = 1\nb = = 2\n[[runners]]\nname = "x"\n')
    assert found.data == {"a": 1, "runners": [{"name": "x"}]}
    assert [line for line, _ in found.broken] == [2]
    assert found.lines["runners", 0, "name"] == 4
