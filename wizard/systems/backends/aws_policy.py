"""The least rights in AWS, as text for an administrator."""

from __future__ import annotations

import json
from typing import Any

from wizard.profile.model import Profile
from wizard.profile.secrets import Aws

_WRITER = {
    "secrets-manager": (
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:RestoreSecret",
        "secretsmanager:TagResource",
    ),
    "parameter-store": (
        "ssm:AddTagsToResource",
        "ssm:DeleteParameter",
        "ssm:GetParameter",
        "ssm:PutParameter",
    ),
}
_READER = {
    "secrets-manager": ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
    "parameter-store": ("ssm:GetParameter",),
}


def writer(profile: Profile, settings: Aws) -> dict[str, Any]:
    """The wizard's IAM policy: write, read back and remove each runner's token."""
    keys = ("kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt")
    return _policy(profile, settings, "WriteRunnerTokens", _WRITER[settings.service], keys)


def reader(profile: Profile, settings: Aws) -> dict[str, Any]:
    """The cluster's IAM policy: read each runner's token, and nothing else."""
    actions = _READER[settings.service]
    return _policy(profile, settings, "ReadRunnerTokens", actions, ("kms:Decrypt",))


def text(profile: Profile, settings: Aws) -> str:
    """Both policies, and who may take the reader's role."""
    parts = [
        "# The wizard's own policy:\n" + _json(writer(profile, settings)),
        "# The cluster's policy, for another user or role:\n" + _json(reader(profile, settings)),
    ]
    trust = _trust(profile, settings)
    if trust:
        parts.append("# The trust policy of the cluster's role:\n" + _json(trust))
    return "\n".join(parts)


def _policy(
    profile: Profile, settings: Aws, sid: str, actions: tuple[str, ...], keys: tuple[str, ...]
) -> dict[str, Any]:
    names = [settings.secret_name(runner.name) for runner in profile.runners]
    service = "secretsmanager" if settings.service == "secrets-manager" else "ssm"
    statements: list[dict[str, Any]] = [
        {
            "Sid": sid,
            "Effect": "Allow",
            "Action": list(actions),
            "Resource": [arn for name in names for arn in _arns(settings, name)],
        }
    ]
    if settings.kms_key:
        statements.append(
            {
                "Sid": "ThroughTheirKey",
                "Effect": "Allow",
                "Action": list(keys),
                "Resource": [_key_arn(settings)],
                "Condition": {
                    "StringEquals": {"kms:ViaService": f"{service}.{settings.region}.amazonaws.com"}
                },
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def _trust(profile: Profile, settings: Aws) -> dict[str, Any] | None:
    if settings.reader == "pod-identity":
        # The operator's ServiceAccount gets the role by an association (EKS user guide).
        principal: dict[str, str] = {"Service": "pods.eks.amazonaws.com"}
        actions = ["sts:AssumeRole", "sts:TagSession"]
        return _trusting({"Principal": principal, "Action": actions})
    if settings.reader == "irsa":
        account = f"system:serviceaccount:{profile.cluster.namespace}:{profile.reader_account}"
        provider = f"arn:{_partition(settings)}:iam::ACCOUNT:oidc-provider/OIDC_PROVIDER"
        return _trusting(
            {
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        "OIDC_PROVIDER:sub": account,
                        "OIDC_PROVIDER:aud": "sts.amazonaws.com",
                    }
                },
            }
        )
    return None


def _trusting(whom: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **whom}]}


def _arns(settings: Aws, name: str) -> list[str]:
    partition, region = _partition(settings), settings.region
    if settings.service == "parameter-store":
        return [f"arn:{partition}:ssm:{region}:*:parameter{name}"]
    # AWS adds a hyphen and six characters of its own to the name of a secret that is there; one
    # that is not is judged by its name alone, and without this right "not found" is "denied".
    secret = f"arn:{partition}:secretsmanager:{region}:*:secret:{name}"
    return [secret, f"{secret}-??????"]


def _key_arn(settings: Aws) -> str:
    key = settings.kms_key or ""
    if ":key/" in key:
        return key
    # A policy cannot name a key by its alias.
    name = "*" if "alias/" in key else key
    return f"arn:{_partition(settings)}:kms:{settings.region}:*:key/{name}"


def _partition(settings: Aws) -> str:
    if settings.region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if settings.region.startswith("us-gov-") else "aws"


def _json(policy: dict[str, Any]) -> str:
    return json.dumps(policy, indent=2) + "\n"
