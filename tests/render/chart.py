"""What GitLab's chart makes of values: read from its templates, or made by helm itself.

The reading knows only the values that we write. `test_equivalence` holds it against helm, where
there is one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import tomli_w
import yaml

from wizard.render.yaml_text import to_yaml

_RBAC = "rbac.authorization.k8s.io"
_Object = dict[str, Any]


def as_read(values: _Object, namespace: str) -> list[_Object]:
    """The chart's objects, as its templates say (0.86.0)."""
    name, jobs = values["fullnameOverride"], values["runners"]["jobNamespace"]
    account = values["serviceAccount"]["name"]
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    role = {"apiGroup": _RBAC, "kind": "Role", "name": name}
    return [
        _object("ServiceAccount", account, namespace),
        _object("Role", name, jobs, rules=values["rbac"]["rules"]),
        _object("RoleBinding", name, jobs, roleRef=role, subjects=[subject]),
        _object("ConfigMap", name, namespace, data=_texts(values)),
        _object("Deployment", name, namespace, spec=_deployment(values)),
    ]


def _object(kind: str, name: str, namespace: str, **body: Any) -> _Object:
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace}, **body}


def _texts(values: _Object) -> dict[str, str]:
    manager = {
        "shutdown_timeout": values["shutdown_timeout"],
        "concurrent": values["concurrent"],
        "check_interval": values["checkInterval"],
        "log_level": values["logLevel"],
        "log_format": values["logFormat"],
        "listen_address": f":{values['metrics']['port']}",
    }
    runners = values["runners"]
    config = runners["config"].replace('{{ "{{" }}', "")
    assert "{{" not in config, "Helm would take this for a template of its own"
    limit = runners.get("maximumTimeout")
    flags = f'--name="{runners["name"]}"' + (f' --maximum-timeout="{limit}"' if limit else "")
    return {
        "config.toml": tomli_w.dumps(manager),
        "config.template.toml": runners["config"].replace('{{ "{{" }}', "{{"),
        "register-the-runner": f"/entrypoint register {flags}",
    }


def _deployment(values: _Object) -> _Object:
    app = {"app": values["fullnameOverride"]}
    metrics = {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(values["metrics"]["port"]),
    }
    return {
        "replicas": values["replicas"],
        "selector": {"matchLabels": app},
        "strategy": values["strategy"],
        "template": {
            "metadata": {
                "labels": {**app, **values["podLabels"]},
                "annotations": {**metrics, **values.get("podAnnotations", {})},
            },
            "spec": _pod(values),
        },
    }


def _pod(values: _Object) -> _Object:
    placed = ("nodeSelector", "tolerations", "priorityClassName", "imagePullSecrets")
    placed += ("topologySpreadConstraints",)
    secret = {
        "name": values["runners"]["secret"],
        "items": [{"key": k, "path": k} for k in ("runner-registration-token", "runner-token")],
    }
    return {
        "securityContext": values["podSecurityContext"],
        "terminationGracePeriodSeconds": values["terminationGracePeriodSeconds"],
        "serviceAccountName": values["serviceAccount"]["name"],
        "containers": [_container(values)],
        "volumes": [
            {"name": "etc-gitlab-runner", "emptyDir": {"medium": "Memory"}},
            {"name": "projected-secrets", "projected": {"sources": [{"secret": secret}]}},
            {"name": "configmaps", "configMap": {"name": values["fullnameOverride"]}},
            *values["volumes"],
        ],
        **{key: values[key] for key in placed if values.get(key)},
    }


def _container(values: _Object) -> _Object:
    image = values["image"]
    told = {"CI_SERVER_URL": values["gitlabUrl"], "RUNNER_EXECUTOR": "kubernetes"}
    unregister = ["/entrypoint", "unregister", "--all-runners"]
    return {
        "image": f"{image['registry']}/{image['image']}:{image['tag']}",
        "imagePullPolicy": values["imagePullPolicy"],
        "securityContext": values["securityContext"],
        "lifecycle": {"preStop": {"exec": {"command": unregister}}},
        "command": ["/usr/bin/dumb-init", "--", "/bin/bash", "/configmaps/entrypoint"],
        "env": [
            *({"name": key, "value": value} for key, value in told.items()),
            *values.get("envVars", []),
        ],
        "livenessProbe": {
            "exec": {"command": ["/bin/bash", "/configmaps/check-live", "3"]},
            **values["livenessProbe"],
        },
        "readinessProbe": {
            "exec": {"command": ["/usr/bin/pgrep", "gitlab.*runner"]},
            **values["readinessProbe"],
        },
        "ports": [{"name": "metrics", "containerPort": values["metrics"]["port"]}],
        "volumeMounts": [
            {"name": "projected-secrets", "mountPath": "/secrets"},
            {"name": "etc-gitlab-runner", "mountPath": "/home/gitlab-runner/.gitlab-runner"},
            {"name": "configmaps", "mountPath": "/configmaps"},
            *values["volumeMounts"],
        ],
        "resources": values["resources"],
    }


CHARTS = [Path(one) for one in os.environ.get("HELM_CHART", "").split(os.pathsep)]
"""Copies of GitLab's chart, each a folder or a package; one that is nowhere if none is named."""
with_every_chart = pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
"""A test runs with each of them; `chart_and_runner` skips it where there is none, or no helm."""


def as_helm_makes_it(chart: Path, values: _Object, namespace: str) -> list[_Object]:
    """The chart's objects by helm itself."""
    release = values["fullnameOverride"]
    text = _helm("template", release, str(chart), "-n", namespace, "-f", "-", said=to_yaml(values))
    return [one for one in yaml.load_all(text, Loader=yaml.CSafeLoader) if one]


@cache
def chart_and_runner(chart: Path) -> tuple[str, str]:
    """The versions of a chart and of the runner it brings; the test is skipped without."""
    if not chart.name:
        pytest.skip("HELM_CHART names no copy of GitLab's chart")
    if not shutil.which("helm"):
        pytest.skip("helm is not on PATH")
    about = yaml.safe_load(_helm("show", "chart", str(chart)))
    return about["version"], about["appVersion"]


def _helm(*arguments: str, said: str = "") -> str:
    done = subprocess.run(
        ["helm", *arguments], input=said, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
