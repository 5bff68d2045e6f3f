"""Tokens in Google Cloud's Secret Manager."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from wizard.core.errors import ConflictError, NotAllowedError, NotFoundError
from wizard.core.findings import Check, Finding, Verdict
from wizard.core.problems import Key
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.profile.secrets import TOKEN_FIELD, Gcp
from wizard.systems.backends.checks import checked, failed
from wizard.systems.backends.context import BackendContext, needed
from wizard.systems.backends.gcp_session import FailedPreconditionError, Session, invalid_response
from wizard.systems.backends.ownership import OWNER_FIELD, Owner
from wizard.systems.backends.token_field import ConcurrentChangeError, Content, TokenField

_LABELS = ("runner-wizard-id", "runner-wizard-runner")
"""Which labels hold the two parts of the owner."""
_NEEDED = ("secretmanager.versions.access", "secretmanager.versions.add")


class GcpSecrets(TokenField):
    """One secret for each runner; its newest version is the token and nothing else.

    Its owner is two labels of the secret, which who may only add versions can neither set nor see.
    """

    def __init__(self, settings: Gcp, around: BackendContext) -> None:
        self._settings = settings
        self._profile = around.profile
        self._session = Session(around)

    def where(self, runner: Runner) -> str:
        return f"Google Cloud secret {self._settings.project}/{self._id(runner)}"

    def facts(self) -> Mapping[Key, Any]:
        return {}

    def check(self) -> list[Check]:
        return checked(
            (
                ("sign in to Google Cloud", self._check_identity),
                ("rights in Secret Manager", self._check_rights),
            )
        )

    def policy(self) -> str:
        return policy(self._profile, self._settings)

    def close(self) -> None:
        """There is no session to end: a token of Google's is good for an hour."""

    def _check_identity(self) -> list[Check]:
        return [Check(f"signed in to Google Cloud as {self._session.identity()}", Verdict.OK)]

    def _check_rights(self) -> list[Check]:
        return [self._rights(runner) for runner in self._profile.runners]

    def _rights(self, runner: Runner) -> Check:
        name = f"read and write {self.where(runner)}"
        doing = f"say what we may do with {self.where(runner)}"
        content = self._fetch(runner)
        held = self._session.call(
            doing,
            lambda client, options: client.test_iam_permissions(
                {"resource": self._name(runner), "permissions": list(_NEEDED)}, **options
            ),
        ).permissions
        missing = sorted(set(_NEEDED) - set(held))
        if content is None and not held:
            # Google answers so for a secret that does not exist, whoever asks.
            finding = Finding(
                f"{self.where(runner)} is not there yet",
                cause="whether it may be created, only creating it shows",
                fix="The roles of docs/secrets.md are enough",
            )
            return Check(name, Verdict.UNSEEN, finding)
        if missing:
            finding = Finding(
                f"{self.where(runner)} cannot be written",
                f"missing: {', '.join(missing)}",
                "the account has no right to",
                "Give it the writer's roles of docs/secrets.md",
            )
            return failed(name, finding)
        return Check(name, Verdict.OK)

    def _id(self, runner: Runner) -> str:
        return self._settings.secret_id(runner.name)

    def _name(self, runner: Runner) -> str:
        return f"projects/{self._settings.project}/secrets/{self._id(runner)}"

    def _fetch(self, runner: Runner) -> Content | None:
        doing, latest = f"read {self.where(runner)}", f"{self._name(runner)}/versions/latest"
        try:
            found = self._session.call(
                doing,
                lambda client, options: client.access_secret_version({"name": latest}, **options),
            )
            number = found.name.rpartition("/")[2]
            if not number:
                raise invalid_response(doing)
            name = f"{self._name(runner)}/versions/{number}"
            version = self._session.call(
                doing,
                lambda client, options: client.get_secret_version({"name": name}, **options),
            )
        except (NotFoundError, FailedPreconditionError):
            return None
        token = found.payload.data.decode("utf-8", "replace") if found.payload else ""
        fields = {TOKEN_FIELD: token}
        if owner := Owner.of_labels(*map(self._labels(runner).get, _LABELS)):
            fields[OWNER_FIELD] = str(owner)
        return Content(fields, number, version.create_time)

    def _put(self, runner: Runner, fields: Mapping[str, Any], over: Content | None) -> None:
        # Added first, created only where that shows it is missing: whoever was given a secret
        # that exists needs no right to create others.
        owner = Owner.read(fields.get(OWNER_FIELD))
        try:
            if owner and (over is None or over.owner != owner):
                self._note(runner, owner)  # first, so that no kill leaves a token without it
            if over is None or over.fields[TOKEN_FIELD] != fields[TOKEN_FIELD]:
                self._add(runner, fields[TOKEN_FIELD])
        except NotFoundError:
            self._create(runner, owner)
            raise ConcurrentChangeError from None  # now it is there, and can be added to

    def _labels(self, runner: Runner) -> Mapping[str, str]:
        """The secret's labels; none where we may not see them."""
        try:
            return dict(self._secret(runner).labels)
        except NotAllowedError:
            return {}

    def _secret(self, runner: Runner) -> Any:
        return self._session.call(
            f"look at {self.where(runner)}",
            lambda client, options: client.get_secret({"name": self._name(runner)}, **options),
        )

    def _note(self, runner: Runner, owner: Owner) -> None:
        """Label the secret with its owner, where we may: the administrator may have done so."""
        with suppress(NotAllowedError):
            # With the etag, so that no one's label is lost, and no other profile's undone.
            found = self._secret(runner)
            held = Owner.of_labels(*map(found.labels.get, _LABELS))
            if held == owner:
                return
            if held and held.profile != owner.profile:
                raise ConcurrentChangeError
            labels = {**found.labels, **_as_labels(owner)}
            request = {
                "secret": {"name": found.name, "labels": labels, "etag": found.etag},
                "update_mask": {"paths": ["labels"]},
            }
            self._session.call(
                f"label {self.where(runner)}",
                lambda client, options: client.update_secret(request, **options),
                is_read=False,
            )

    def _add(self, runner: Runner, token: str) -> None:
        request = {"parent": self._name(runner), "payload": {"data": token.encode()}}
        self._session.call(
            f"write {self.where(runner)}",
            lambda client, options: client.add_secret_version(request, **options),
            is_read=False,
        )

    def _create(self, runner: Runner, owner: Owner | None) -> None:
        noted = _as_labels(owner) if owner else {}
        request = {
            "parent": f"projects/{self._settings.project}",
            "secret_id": self._id(runner),
            "secret": {
                "replication": {"automatic": {}},
                "labels": {"managed-by": "runner-wizard", **noted},
            },
        }
        with suppress(ConflictError):  # someone else has created it meanwhile
            self._session.call(
                f"create {self.where(runner)}",
                lambda client, options: client.create_secret(request, **options),
                is_read=False,
            )

    def _drop(self, runner: Runner) -> None:
        try:
            self._delete(runner, "delete_secret", self._name(runner))
        except NotAllowedError:
            # Anyone who was given a secret that exists may not delete it, but empty it.
            self._delete(runner, "destroy_secret_version", self._newest(runner))

    def _newest(self, runner: Runner) -> str:
        latest = f"{self._name(runner)}/versions/latest"
        found = self._session.call(
            f"read {self.where(runner)}",
            lambda client, options: client.get_secret_version({"name": latest}, **options),
        )
        return f"{self._name(runner)}/versions/{found.name.rpartition('/')[2]}"

    def _delete(self, runner: Runner, method: str, name: str) -> None:
        self._session.call(
            f"remove {self.where(runner)}",
            lambda client, options: getattr(client, method)({"name": name}, **options),
            is_read=False,
        )


def _as_labels(owner: Owner) -> dict[str, str]:
    return dict(zip(_LABELS, (owner.profile, str(owner.runner)), strict=True))


def policy(profile: Profile, settings: Gcp) -> str:
    """The least rights of both identities, as commands for an administrator.

    Predefined roles on each secret alone. What they do not hold is the right to create, label and
    delete secrets, so the administrator creates them, labelled as the profile's.
    """
    project = settings.project
    reader = settings.reader_account or f"READER@{project}.iam.gserviceaccount.com"
    lines = ["# Two identities: the wizard writes the tokens, the cluster reads them."]
    for runner in profile.runners:
        secret = settings.secret_id(runner.name)
        binding = f"gcloud secrets add-iam-policy-binding {secret} --project={project}"
        create = f"gcloud secrets create {secret} --project={project}"
        lines += [
            f"{create} --replication-policy=automatic --labels={_LABELS[0]}={profile.id or 'ID'}",
            f"{binding} --member=WRITER --role=roles/secretmanager.viewer",
            f"{binding} --member=WRITER --role=roles/secretmanager.secretVersionManager",
            f"{binding} --member=WRITER --role=roles/secretmanager.secretAccessor",
            f"{binding} --member=serviceAccount:{reader} --role=roles/secretmanager.secretAccessor",
        ]
    if settings.reader == "workload-identity":
        account = f"{profile.cluster.namespace}/{profile.reader_account}"
        lines.append(
            f"gcloud iam service-accounts add-iam-policy-binding {reader} --project={project} "
            f"--role=roles/iam.workloadIdentityUser "
            f"--member='serviceAccount:{project}.svc.id.goog[{account}]'"
        )
    return "\n".join(lines) + "\n"


def build(around: BackendContext, _cluster: object = None) -> GcpSecrets:
    """The backend of this profile."""
    settings = around.profile.secrets.gcp
    return GcpSecrets(needed(settings), around)
