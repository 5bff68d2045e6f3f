"""The least rights in Vault, as text for an administrator; the tests carry it out on OpenBao."""

from __future__ import annotations

from wizard.profile.model import Profile
from wizard.profile.secrets import Vault

WRITER_POLICY = "gitlab-runner-writer"
READER_POLICY = "gitlab-runner-reader"


def data_path(settings: Vault, version: int, runner: str) -> str:
    """The path that a policy names for a runner's token."""
    infix = "data/" if version == 2 else ""
    return f"{settings.mount}/{infix}{settings.secret_path(runner)}"


def writer(profile: Profile, settings: Vault) -> str:
    """The wizard's policy, in HCL: write, read back and remove each runner's token."""
    version = settings.kv_version or 2
    rules = []
    for runner in profile.runners:
        path = data_path(settings, version, runner.name)
        if version == 1:
            rules.append(_rule(path, "create", "update", "read", "delete"))
        else:
            metadata = f"{settings.mount}/metadata/{settings.secret_path(runner.name)}"
            rules += [_rule(path, "create", "update", "read"), _rule(metadata, "delete")]
    return "\n".join(rules)


def reader(profile: Profile, settings: Vault) -> str:
    """The cluster's policy, in HCL: read each runner's token, and nothing else."""
    version = settings.kv_version or 2
    return "\n".join(
        _rule(data_path(settings, version, runner.name), "read") for runner in profile.runners
    )


def text(profile: Profile, settings: Vault) -> str:
    """Both policies and the reader's login, ready to paste into a shell signed in as an admin."""
    return (
        "# Two identities: the wizard writes the tokens, the cluster reads them.\n"
        "# Both roles keep Vault's policy `default`, with which a token looks at itself.\n"
        f"vault policy write {WRITER_POLICY} - <<'EOF'\n{writer(profile, settings)}\nEOF\n"
        f"vault policy write {READER_POLICY} - <<'EOF'\n{reader(profile, settings)}\nEOF\n"
        f"{_reader_login(profile, settings)}"
    )


def _reader_login(profile: Profile, settings: Vault) -> str:
    role, method = settings.reader_role, settings.reader
    mount = settings.reader_mount or method
    if method == "approle":
        return (
            f"vault write auth/{mount}/role/{role} token_policies={READER_POLICY} "
            "token_ttl=20m token_max_ttl=1h\n"
            f"vault read auth/{mount}/role/{role}/role-id\n"
            f"vault write -f auth/{mount}/role/{role}/secret-id\n"
        )
    account = profile.reader_account
    namespace, audience = profile.cluster.namespace, settings.reader_audience
    if method == "kubernetes":
        return (
            f"vault write auth/{mount}/role/{role} bound_service_account_names={account} "
            f"bound_service_account_namespaces={namespace} audience={audience} "
            f"token_policies={READER_POLICY} token_ttl=20m\n"
        )
    if method == "jwt":
        return (
            f"vault write auth/{mount}/role/{role} role_type=jwt user_claim=sub "
            f"bound_subject=system:serviceaccount:{namespace}:{account} "
            f"bound_audiences={audience} token_policies={READER_POLICY} token_ttl=20m\n"
        )
    return f"vault token create -policy={READER_POLICY} -period=768h\n"


def _rule(path: str, *capabilities: str) -> str:
    held = ", ".join(f'"{capability}"' for capability in capabilities)
    return f'path "{path}" {{ capabilities = [{held}] }}'
