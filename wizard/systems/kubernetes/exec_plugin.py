"""Credentials from an exec plugin (`client.authentication.k8s.io/v1`, Kubernetes 1.32).

Run here rather than by the kubernetes package (37.0), which sets the plugin no time limit, lets it
read our terminal and turns its failure into a line on the root logger.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from wizard.core.errors import NotAllowedError, WizardError
from wizard.core.secrets import SecretStr, redact, remember_secret
from wizard.systems.environment import for_children


def credentials(
    plugin: Mapping[str, Any], cluster: Mapping[str, Any], context: str, timeout: float
) -> dict[str, str]:
    """The user entry of a kubeconfig that the plugin's answer stands for.

    Args:
        plugin: the `exec` section of the user.
        cluster: the cluster entry, told to plugins that ask for it (`provideClusterInfo`).
        context: the context's name, for messages.
        timeout: seconds.

    Raises: NotAllowedError, with the plugin's own words.
    """
    command = str(plugin.get("command", ""))
    answer = _run(command, plugin, cluster, context, timeout)
    try:
        status = json.loads(answer)["status"]
        token = status.get("token", "")
        certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _failed(context, command, "its answer is not an ExecCredential") from None
    if token:
        remember_secret(SecretStr(token))
        return {"token": token}
    if certificate and key:
        return {
            "client-certificate-data": _base64(certificate),
            "client-key-data": _base64(key),
        }
    raise _failed(context, command, "its answer holds neither a token nor a client certificate")


def _run(
    command: str,
    plugin: Mapping[str, Any],
    cluster: Mapping[str, Any],
    context: str,
    timeout: float,
) -> str:
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = _cluster_info(cluster)
    request = {
        "apiVersion": plugin.get("apiVersion", "client.authentication.k8s.io/v1"),
        "kind": "ExecCredential",
        "spec": spec,
    }
    added = {item["name"]: str(item["value"]) for item in plugin.get("env") or ()}
    try:
        done = subprocess.run(  # noqa: S603 - the user's kubeconfig names this command
            [command, *map(str, plugin.get("args") or ())],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            env=for_children() | added | {"KUBERNETES_EXEC_INFO": json.dumps(request)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(context, command, f"it did not answer in {timeout:.0f} s") from None
    except FileNotFoundError:
        hint = plugin.get("installHint") or f"{command} is not installed or not on PATH"
        raise _failed(context, command, str(hint)) from None
    except (OSError, ValueError) as error:
        raise _failed(context, command, str(error)) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        raise _failed(context, command, said)
    return done.stdout.decode(errors="replace")


def _cluster_info(cluster: Mapping[str, Any]) -> dict[str, Any]:
    info = {key: value for key, value in cluster.items() if key != "extensions"}
    for extension in cluster.get("extensions") or ():
        if extension.get("name") == "client.authentication.k8s.io/exec":
            info["config"] = extension.get("extension")
    return info


def _base64(pem: str) -> str:
    import base64

    return base64.standard_b64encode(pem.encode()).decode()


def _failed(context: str, command: str, cause: str) -> WizardError:
    return NotAllowedError(
        f"The sign-in command of context {context} failed: {command}.",
        redact(cause)[-2000:],
        "Run the command by hand and sign in again, then repeat",
    )
