"""What AWS says when it says no, and what botocore says when there was no answer; in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.core.errors import Conflict, NotAllowed, NotFound, NotReached, UsageError, WizardError
from wizard.core.secrets import redact
from wizard.systems.backends.patience import MayPass, Throttled

_LONGEST = 600
"""Characters of somebody else's words that are shown."""

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


class SaysNo(Exception):
    """An error that AWS answered; `code` is its name for it."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        error = answer.get("Error", {})
        self.code = str(error.get("Code", ""))
        super().__init__(self.code)
        said = str(error.get("Message", ""))
        self.words = "" if said.lstrip().startswith("<") else redact(" ".join(said.split()))
        self.words = self.words[:_LONGEST]
        meta = answer.get("ResponseMetadata", {})
        self.status = int(meta.get("HTTPStatusCode") or 0)
        self.wait = str(meta.get("HTTPHeaders", {}).get("retry-after", ""))

    @property
    def is_missing(self) -> bool:
        return self.code in _MISSING

    @property
    def is_taken(self) -> bool:
        return self.code in _TAKEN

    @property
    def is_scheduled(self) -> bool:
        """Whether the secret is there, and scheduled for deletion."""
        return self.code == "InvalidRequestException" and "delet" in self.words

    def raise_if_throttled(self) -> None:
        if self.code in _THROTTLED or self.status == 429:
            raise Throttled(float(self.wait) if self.wait.isdigit() else 1.0)

    def error(self, doing: str) -> WizardError:
        """The error for it; `doing` completes "could not ..."."""
        cause = f"AWS says: {self.words or self.code or self.status}"
        if self.status >= 500:
            return MayPass(
                f"AWS is in trouble and could not {doing} (status {self.status}).",
                cause,
                "try again in a few minutes",
                maybe_done=True,
            )
        if self.code in _EXPIRED:
            return NotAllowed(
                "Your AWS credentials have expired.",
                cause,
                "renew them: aws sso login, or a new session token",
            )
        if self.code in _UNKNOWN:
            return NotAllowed(
                "AWS does not know these credentials.",
                cause,
                "check AWS_ACCESS_KEY_ID, AWS_PROFILE and the account they belong to",
            )
        if self.code in _SIGNATURE:
            return NotAllowed(
                "AWS does not accept the signature.",
                cause,
                "check AWS_SECRET_ACCESS_KEY, and that this machine's clock is right",
            )
        return self._refusal(doing, cause)

    def _refusal(self, doing: str, cause: str) -> WizardError:
        if self.code in _KEY:
            return NotAllowed(
                f"AWS could not {doing}: the KMS key does not allow it.",
                cause,
                "check secrets.aws.kms_key, and kms:GenerateDataKey and kms:Decrypt on that key",
            )
        if self.code in _DENIED or self.status in {401, 403}:
            return NotAllowed(
                f"AWS does not let us {doing}.",
                cause,
                "attach the writer's policy of docs/secrets.md to that user or role",
            )
        if self.is_missing:
            return NotFound(f"AWS could not {doing}.", cause, "check region and path")
        if self.is_taken:
            return Conflict(f"AWS could not {doing}.", cause, "look at what is there now")
        return WizardError(
            f"AWS refused to {doing}.", cause, "change what it objects to, then try again"
        )


def without_answer(lost: Exception, doing: str, profile: str | None) -> WizardError:
    """The error for a call that botocore could not make, or got no answer to."""
    from botocore import exceptions as of_botocore

    said = redact(str(lost))[:_LONGEST]
    sso = (
        of_botocore.UnauthorizedSSOTokenError,
        of_botocore.SSOError,
        of_botocore.TokenRetrievalError,
    )
    if isinstance(lost, sso):
        login = f"aws sso login --profile {profile}" if profile else "aws sso login"
        return NotAllowed("Your AWS SSO session has expired.", said, f"sign in again: {login}")
    if isinstance(lost, of_botocore.LoginError):
        return NotAllowed("Your AWS sign-in has expired.", said, "sign in again: aws login")
    if isinstance(lost, of_botocore.ProfileNotFound):
        return UsageError(
            "That profile is not in your AWS configuration.",
            said,
            "correct secrets.aws.profile or AWS_PROFILE; aws configure list-profiles shows them",
        )
    if isinstance(lost, of_botocore.NoCredentialsError | of_botocore.PartialCredentialsError):
        return no_credentials(said)
    if isinstance(lost, of_botocore.CredentialRetrievalError):
        return NotAllowed("The AWS credentials could not be had.", said, "put their source right")
    return _not_reached(lost, doing, said)


def _not_reached(lost: Exception, doing: str, said: str) -> WizardError:
    from botocore import exceptions as of_botocore

    if isinstance(lost, of_botocore.ReadTimeoutError):
        return NotReached(
            f"AWS did not answer in time; asked to {doing}.", said, "try again", maybe_done=True
        )
    if isinstance(lost, of_botocore.SSLError):
        return NotReached(
            "The certificate that AWS shows is not trusted.",
            said,
            "a proxy may stand between: give its authority with AWS_CA_BUNDLE",
        )
    cut = (of_botocore.ConnectionClosedError, of_botocore.ResponseStreamingError)
    if isinstance(lost, cut):
        return MayPass(
            f"The connection was cut before AWS answered; asked to {doing}.",
            said,
            "try again",
            maybe_done=True,
        )
    if isinstance(lost, of_botocore.HTTPClientError | of_botocore.ConnectionError):
        return NotReached(
            "AWS cannot be reached.",
            said,
            "check secrets.aws.region and your network; a proxy is set with HTTPS_PROXY",
        )
    if isinstance(lost, of_botocore.ParamValidationError | of_botocore.InvalidRegionError):
        return UsageError(f"AWS cannot be asked to {doing}.", said, "correct secrets.aws")
    return NotReached(f"AWS could not be asked to {doing}.", said, "correct what it names")


def nonsense(doing: str) -> NotReached:
    """The error for an answer that is not AWS's, whose text is kept back: it is anybody's."""
    return NotReached(
        f"The answer makes no sense; asked to {doing}.",
        "it is not what AWS answers",
        "check that no login page or proxy stands between",
        maybe_done=True,
    )


def no_credentials(said: str = "") -> UsageError:
    return UsageError(
        "There are no AWS credentials.",
        said or "neither the environment, nor your AWS configuration, nor this machine has any",
        "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run aws sso login",
    )
