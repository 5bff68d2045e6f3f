"""What AWS says when it says no, and what botocore says when there was no answer; in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.core.errors import (
    ConflictError,
    NotAllowedError,
    NotFoundError,
    NotReachedError,
    RejectedError,
    TransientError,
    UsageError,
    WizardError,
)
from wizard.core.secrets import excerpt
from wizard.systems.http import answers, failures
from wizard.systems.http.policy import ThrottledError
from wizard.systems.http.throttling import seconds_asked

SOURCE = answers.Source("AWS", "the endpoint (AWS_ENDPOINT_URL, where it is set)")

_THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "TooManyUpdates",
    }
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"})
_SIGNATURE = frozenset({"InvalidSignatureException", "SignatureDoesNotMatch"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_KEY = frozenset(
    {"DecryptionFailure", "EncryptionFailure", "InvalidKeyId", "KMSAccessDeniedException"}
)
_MISSING = frozenset({"ResourceNotFoundException", "ParameterNotFound"})
_TAKEN = frozenset({"ResourceExistsException", "ParameterAlreadyExists"})


class AwsResponseError(Exception):
    """An error that AWS answered; `code` is its name for it."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        error = answer.get("Error", {})
        self.code = str(error.get("Code", ""))
        super().__init__(self.code)
        said = str(error.get("Message", ""))
        self.message = "" if said.lstrip().startswith("<") else excerpt(said)
        meta = answer.get("ResponseMetadata", {})
        self.status = int(meta.get("HTTPStatusCode") or 0)
        self.headers: Mapping[str, str] = meta.get("HTTPHeaders") or {}

    @property
    def is_missing(self) -> bool:
        return self.code in _MISSING

    @property
    def is_taken(self) -> bool:
        return self.code in _TAKEN

    @property
    def is_scheduled(self) -> bool:
        """Whether the secret is there, and scheduled for deletion."""
        return self.code == "InvalidRequestException" and "delet" in self.message

    def raise_if_throttled(self) -> None:
        if self.code in _THROTTLED or self.status == 429:
            raise ThrottledError(seconds_asked(self.headers))

    def error(self, doing: str) -> WizardError:
        """The error for it; `doing` completes "could not ..."."""
        cause = f"AWS says: {self.message or self.code or self.status}"
        if self.status >= 500:
            return TransientError(
                f"AWS is in trouble and could not {doing} (status {self.status}).",
                cause,
                "Try again in a few minutes",
                maybe_done=True,
            )
        if self.code in _EXPIRED:
            return NotAllowedError(
                "Your AWS credentials have expired.",
                cause,
                "Renew them: aws sso login, or a new session token",
            )
        if self.code in _UNKNOWN:
            return NotAllowedError(
                "AWS does not know these credentials.",
                cause,
                "Check AWS_ACCESS_KEY_ID, AWS_PROFILE and the account they belong to",
            )
        if self.code in _SIGNATURE:
            return NotAllowedError(
                "AWS does not accept the signature.",
                cause,
                "Check AWS_SECRET_ACCESS_KEY, and that this machine's clock is right",
            )
        return self._refusal(doing, cause)

    def _refusal(self, doing: str, cause: str) -> WizardError:
        if self.code in _KEY:
            return NotAllowedError(
                f"AWS could not {doing}: the KMS key does not allow it.",
                cause,
                "Check secrets.aws.kms_key, and kms:GenerateDataKey and kms:Decrypt on that key",
            )
        if self.code in _DENIED or self.status in {401, 403}:
            return NotAllowedError(
                f"AWS does not let us {doing}.",
                cause,
                "Attach the writer's policy of docs/secrets.md to that user or role",
            )
        if self.is_missing:
            return NotFoundError(f"AWS could not {doing}.", cause, "Check region and path")
        if self.is_taken:
            return ConflictError(f"AWS could not {doing}.", cause, "Look at what is there now")
        return RejectedError(
            f"AWS refused to {doing}.", cause, "Change what it objects to, then try again"
        )


def without_answer(lost: Exception, doing: str, profile: str | None) -> WizardError:
    """The error for a call that botocore could not make, or got no answer to."""
    from botocore import exceptions as of_botocore

    said = excerpt(str(lost))
    sso = (
        of_botocore.UnauthorizedSSOTokenError,
        of_botocore.SSOError,
        of_botocore.TokenRetrievalError,
    )
    if isinstance(lost, sso):
        login = f"aws sso login --profile {profile}" if profile else "aws sso login"
        return NotAllowedError("Your AWS SSO session has expired.", said, f"Sign in again: {login}")
    if isinstance(lost, of_botocore.LoginError):
        return NotAllowedError("Your AWS sign-in has expired.", said, "Sign in again: aws login")
    if isinstance(lost, of_botocore.ProfileNotFound):
        return UsageError(
            "That profile is not in your AWS configuration.",
            said,
            "Correct secrets.aws.profile or AWS_PROFILE; aws configure list-profiles shows them",
        )
    if isinstance(lost, of_botocore.NoCredentialsError | of_botocore.PartialCredentialsError):
        return no_credentials(said)
    if isinstance(lost, of_botocore.CredentialRetrievalError):
        return NotAllowedError("The AWS credentials could not be had.", said, "Repair their source")
    return _not_reached(lost, doing, said)


def _not_reached(lost: Exception, doing: str, said: str) -> WizardError:
    from botocore import exceptions as of_botocore

    if isinstance(lost, of_botocore.HTTPClientError | of_botocore.ConnectionError):
        address = str(getattr(lost, "kwargs", {}).get("endpoint_url") or "AWS")
        way = failures.Way(
            "AWS",
            address,
            "secrets.aws.region (or AWS_ENDPOINT_URL)",
            "A proxy may be in between: give its authority with AWS_CA_BUNDLE",
        )
        return failures.failure(lost, way, doing, is_read=False)
    if isinstance(lost, of_botocore.ParamValidationError | of_botocore.InvalidRegionError):
        return UsageError(f"AWS cannot be asked to {doing}.", said, "Correct secrets.aws")
    return NotReachedError(f"AWS could not be asked to {doing}.", said, "Correct what it names")


def invalid_response(doing: str) -> NotReachedError:
    """The error for an answer that is not AWS's, whose text is kept back: it is anyone's."""
    return SOURCE.invalid_response(doing)


def no_credentials(said: str = "") -> UsageError:
    return UsageError(
        "There are no AWS credentials.",
        said or "neither the environment, nor your AWS configuration, nor this machine has any",
        "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run aws sso login",
    )
