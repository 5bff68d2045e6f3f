"""What an exception of a client says of a call that got no answer: each kind in its own sentence.

Clients wrap one another's exceptions (botocore and requests urllib3's, urllib3 Python's), and the
names of the wrappers lie: urllib3's `NewConnectionError` is a `ConnectTimeoutError` (2.8). So
the whole nest is looked through for what happened at its bottom.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlsplit

from wizard.core.errors import NotReachedError, TransientError, UsageError, WizardError
from wizard.core.secrets import excerpt, redact


class Kind(Enum):
    """How a call was lost."""

    REFUSED = auto()
    UNKNOWN_HOST = auto()
    NO_ROUTE = auto()
    NOT_CONNECTED = auto()
    """No answer to the attempt to connect."""
    SILENT = auto()
    """Connected, sent, and no answer or not all of it in time."""
    UNTRUSTED = auto()
    EXPIRED = auto()
    OTHER_NAME = auto()
    """The certificate is for another host."""
    NO_TLS = auto()
    """The other side does not speak TLS, or not to us."""
    PROXY = auto()
    CUT = auto()
    CIRCLE = auto()
    """Redirects that do not end."""
    BAD_ADDRESS = auto()
    NONSENSE = auto()
    """What came is not HTTP, or cannot be unpacked."""
    OTHER = auto()


_NEVER_SENT = frozenset(Kind) - {Kind.SILENT, Kind.CUT, Kind.NONSENSE, Kind.OTHER}
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}
_EXPIRED, _OTHER_NAMES = 10, {62, 64}
"""OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED, _HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a server is reached, for people.

    Args:
        who: its name, as it stands within a sentence: `GitLab`, `the cluster`.
        address: where it was looked for.
        setting: where the address is written: `gitlab.url`.
        authority: how to name an authority to be trusted, as a fix.
        proxy: where a proxy is set.
        read_timeout: seconds without a byte of the answer; 0 where they are not known.
    """

    who: str
    address: str
    setting: str
    authority: str
    proxy: str = "HTTPS_PROXY and NO_PROXY"
    read_timeout: float = 0

    @property
    def host(self) -> str:
        try:
            parts = urlsplit(self.address)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return self.address
        return f"{parts.hostname}{port}" if parts.hostname else self.address

    @property
    def name(self) -> str:
        return self.host.rsplit(":", 1)[0] if self.host.count(":") == 1 else self.host


def failure(lost: BaseException, way: Way, doing: str, *, is_read: bool) -> WizardError:
    """The error for a call that got no answer.

    Args:
        lost: what the client raised. Do not chain it: it holds the request, credentials and all.
        way: how the server was to be reached.
        doing: what the call was for: completes "asked to ...".
        is_read: False where the lost call may have changed something.

    Returns: NotReached (TransientError where it may be over in a second), with `maybe_done` where
        the call may have arrived; UsageError, for what is not an address.
    """
    kind = kind_of(lost)
    problem, fix = _sentence(kind, way, doing)
    said = excerpt(innermost(lost)) or type(lost).__name__
    if kind is Kind.BAD_ADDRESS:
        return UsageError(problem, said, fix)
    error = TransientError if kind is Kind.CUT else NotReachedError
    maybe_done = not is_read and kind not in _NEVER_SENT
    return error(problem, _CAUSES.get(kind, "{said}").format(said=said), fix, maybe_done=maybe_done)


def kind_of(lost: BaseException) -> Kind:
    """How the call was lost, from the whole nest of exceptions."""
    nest = list(_nest(lost))
    names = {cls.__name__ for one in nest for cls in type(one).__mro__}
    if kind := next((found for one in nest if (found := _of_tls(one))), None):
        return kind
    if "CertificateError" in names:
        return Kind.OTHER_NAME
    if names & {"TooManyRedirects"}:
        return Kind.CIRCLE
    if names & _BAD_ADDRESSES:
        return Kind.BAD_ADDRESS
    if names & {"ProxyError", "ProxyConnectionError", "ProxySchemeUnknown"}:
        return Kind.PROXY
    if kind := next((found for one in nest if (found := _of_system(one))), None):
        return kind
    if names & {"SSLError"}:
        return Kind.NO_TLS
    return next((kind for kind, known in _BY_NAME if names & known), Kind.OTHER)


_BAD_ADDRESSES = frozenset(
    {"InvalidURL", "MissingSchema", "InvalidSchema", "LocationValueError", "LocationParseError"}
)
_BY_NAME = (
    (Kind.UNKNOWN_HOST, {"NameResolutionError"}),
    (Kind.SILENT, {"ReadTimeout", "ReadTimeoutError"}),
    (Kind.NOT_CONNECTED, {"ConnectTimeout", "ConnectTimeoutError"}),
    (Kind.NONSENSE, {"DecodeError", "ContentDecodingError", "BadStatusLine", "LineTooLong"}),
    (Kind.NONSENSE, {"InvalidHeader", "InvalidChunkLength", "HTTPException"}),
    (
        Kind.CUT,
        {"ProtocolError", "ChunkedEncodingError", "IncompleteRead", "ConnectionClosedError"},
    ),
    (Kind.CUT, {"RemoteDisconnected", "ResponseStreamingError"}),
    (Kind.SILENT, {"TimeoutError", "timeout"}),
)
"""Names of exceptions by which the clients tell the rest; the first that fits counts."""


def _of_tls(one: BaseException) -> Kind | None:
    if isinstance(one, ssl.SSLCertVerificationError):
        if one.verify_code == _EXPIRED:
            return Kind.EXPIRED
        return Kind.OTHER_NAME if one.verify_code in _OTHER_NAMES else Kind.UNTRUSTED
    if isinstance(one, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Kind.CUT
    return Kind.NO_TLS if isinstance(one, ssl.SSLError) else None


def _of_system(one: BaseException) -> Kind | None:
    if isinstance(one, ConnectionRefusedError):
        return Kind.REFUSED
    if isinstance(one, socket.gaierror):
        return Kind.UNKNOWN_HOST
    if type(one).__name__ == "RemoteDisconnected" or isinstance(
        one, ConnectionResetError | ConnectionAbortedError | BrokenPipeError
    ):
        return Kind.CUT
    if isinstance(one, OSError) and one.errno in _NO_ROUTE:
        return Kind.NO_ROUTE
    return None


_CAUSES = {
    Kind.REFUSED: "Nothing listens there, or a firewall rejects us: {said}",
    Kind.UNKNOWN_HOST: "The name service does not know it: {said}",
    Kind.SILENT: "No answer came in time: {said}",
    Kind.PROXY: "It could not be reached through the proxy: {said}",
    **dict.fromkeys(
        (Kind.UNTRUSTED, Kind.EXPIRED, Kind.OTHER_NAME), "No trusted connection was made: {said}"
    ),
}


def _sentence(kind: Kind, way: Way, doing: str) -> tuple[str, str]:
    """The problem, and the way out."""
    who, address, setting = way.who, redact(way.address), way.setting
    server = who[:1].upper() + who[1:]
    within = f"within {way.read_timeout:g} seconds" if way.read_timeout else "in time"
    return {
        Kind.REFUSED: (
            f"{address} cannot be reached: the connection was refused.",
            f"Check that {who} runs there, and host and port in {setting}",
        ),
        Kind.UNKNOWN_HOST: (
            f"{address} cannot be reached: the host {redact(way.name)} is unknown.",
            f"Check the spelling in {setting}, and this machine's name service or VPN",
        ),
        Kind.NO_ROUTE: (
            f"{address} cannot be reached: there is no way to it from this machine.",
            f"Check this machine's network and VPN; a proxy is set with {way.proxy}",
        ),
        Kind.NOT_CONNECTED: (
            f"{address} cannot be reached: it did not answer in time.",
            f"Check that {who} runs, and VPN and firewall; a proxy is set with {way.proxy}",
        ),
        Kind.SILENT: (
            f"{server} did not answer {within}; asked to {doing}.",
            f"Try again; on your own server, look at the load of {who}",
        ),
        Kind.UNTRUSTED: (f"{address} shows a certificate that is not trusted.", way.authority),
        Kind.EXPIRED: (
            f"{address} shows a certificate that is not trusted: it has expired.",
            f"Renew the certificate of {who}, and check this machine's clock",
        ),
        Kind.OTHER_NAME: (
            f"{address} shows a certificate that is not trusted: it is for another host.",
            f"Write a name that is in the certificate as {setting}",
        ),
        Kind.NO_TLS: (
            f"No trusted connection to {address} could be made.",
            f"Check that https is spoken on that port ({setting}), and any proxy in between",
        ),
        Kind.PROXY: (
            f"The proxy on the way to {address} does not let us through.",
            f"Check {way.proxy}",
        ),
        Kind.CUT: (
            f"The connection was cut before {who} answered; asked to {doing}.",
            f"Try again; if it persists, look at {who} and the proxies on the way",
        ),
        Kind.CIRCLE: (
            f"{address} redirects in a loop; asked to {doing}.",
            f"Check {setting}, and the redirects of the proxy in front of {who}",
        ),
        Kind.BAD_ADDRESS: (f"{address} is not an address.", f"Correct {setting}"),
        Kind.NONSENSE: (
            f"What answers at {address} makes no sense; asked to {doing}.",
            f"Check that {setting} is the address of {who} itself, and any proxy in between",
        ),
        Kind.OTHER: (
            f"{address} cannot be reached.",
            f"Check {setting} and your network; a proxy is set with {way.proxy}",
        ),
    }[kind]


def innermost(error: BaseException) -> str:
    """The words at the bottom of a nest of exceptions, without the clients' own reprs."""
    *_, deepest = _nest(error)
    if isinstance(deepest, OSError) and deepest.strerror:
        return deepest.strerror
    said = str(deepest.args[-1] if deepest.args else deepest)
    # "<urllib3.connection.HTTPConnection object at 0x7f...>: Failed to ..."
    _, repr_end, rest = said.partition(">: ")
    return rest if repr_end and said.startswith("<") else said


def _nest(error: BaseException) -> Iterator[BaseException]:
    """An exception and those inside it, from the outside in."""
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        yield here
        here = next(
            (
                one
                for one in (
                    getattr(here, "reason", None),
                    getattr(here, "original_error", None),
                    *(here.args[::-1] if here.args else ()),
                    getattr(here, "kwargs", {}).get("error"),
                    here.__cause__,
                    here.__context__,
                )
                if isinstance(one, BaseException)
            ),
            None,
        )
