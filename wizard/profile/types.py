"""The kinds of value a profile holds, each checked by the rules of the system that reads it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.annotated_handlers import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from wizard.core import units
from wizard.core.addresses import canonical
from wizard.core.plain import plain
from wizard.core.secrets import excerpt

DNS_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_DNS_SUBDOMAIN = re.compile(rf"{DNS_LABEL}(?:\.{DNS_LABEL})*")
# The grammar of github.com/distribution/reference: [domain/]path[:tag][@digest].
_PATH_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?/)?{_PATH_PART}(?:/{_PATH_PART})*"
    r"(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)


class Section(BaseModel):
    """A mapping of the profile: unknown keys are errors, and nothing changes once it is read."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        defer_build=True,  # only the profile's own validator is ever used: import stays quick
    )


def option(default: Any, help: str, *, alias: str | None = None, **choices: str) -> Any:  # noqa: A002
    """Declare a field once: default, the sentence of help, and what each choice means.

    Choices are given by name, with `_` where the value has `-`. The declaration yields the
    validation, the schema, the reference page and the wizard's widgets.
    """
    extra: dict[str, Any] | None = None
    if choices:
        extra = {"x-choices": {name.replace("_", "-"): text for name, text in choices.items()}}
    return Field(default, description=help, alias=alias, json_schema_extra=extra)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value of a type is, in a few words: for messages, the reference and the widgets."""

    what: str


@dataclass(frozen=True, slots=True)
class Matching:
    """Text that matches a pattern as a whole; `what` says in words what such text is."""

    pattern: str
    what: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def check(text: str) -> str:
            if len(text) > 1024 or not re.fullmatch(self.pattern, text) or not is_one_line(text):
                raise ValueError(f"{excerpt(text, 80)!r} is not {self.what}")
            return text

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}


# What text of one line cannot hold: control characters, line ends, half characters (surrogates) and
# the code points that are none. YAML's readers refuse some of them, and none can be seen.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)


def is_one_line(text: str) -> bool:
    """Whether text is one line that every reader of YAML, TOML and JSON takes."""
    return not _UNPRINTABLE.search(text) and not any(ord(one) & 0xFFFE == 0xFFFE for one in text)


def _text(value: object) -> object:
    """Numbers are taken as they are written: `cpu: 2` and `cpu: "2"` are the same wish."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _positive(text: str) -> str:
    if units.parse_quantity(text) <= 0:
        raise ValueError(f"{text!r} is not more than zero")
    return units.canonical_quantity(text)


def _cpu(text: str) -> str:
    if text.endswith("i"):
        raise ValueError(f"{text!r} is an amount of memory; CPU is in cores, such as 500m or 2")
    if (units.parse_quantity(text) * 1000).denominator != 1:
        raise ValueError(f"{text!r} is finer than one thousandth of a core; 1m is the least")
    return _positive(text)


def _bytes(text: str) -> str:
    if units.parse_quantity(text).denominator != 1:
        raise ValueError(f"{text!r} is a part of a byte; did you mean {text.rstrip('m')}Mi?")
    return _positive(text)


def _dns_label(text: str) -> str:
    if len(text) > 63 or not re.fullmatch(DNS_LABEL, text):
        raise ValueError(
            f"{text!r} is not a name that Kubernetes takes: lower-case letters, digits and '-', "
            "at most 63, beginning and ending with a letter or digit"
        )
    return text


def _dns_subdomain(text: str) -> str:
    if len(text) > 253 or not _DNS_SUBDOMAIN.fullmatch(text):
        raise ValueError(
            f"{text!r} is not an object name: lower-case letters, digits, '-' and '.', at most 253"
        )
    return text


def _runner_name(text: str) -> str:
    # The Helm release is `gitlab-runner-NAME`, and Helm allows a release 53 characters.
    if len(_dns_label(text)) > 39:
        raise ValueError(f"{text!r} is longer than 39 characters")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError as error:
        raise ValueError(f"{text!r} is not a URL: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_fine:
        raise ValueError(f"{text!r} is not a URL; write for example https://gitlab.example.com")
    if parts.username or parts.password:
        raise ValueError("a URL in the profile must not hold credentials")
    if parts.query or parts.fragment or re.search(r"\s", text) or not is_one_line(text):
        raise ValueError(f"{text!r} has more than scheme, host and path")
    if plain(text) != text:
        raise ValueError(f"{text!r} holds characters that cannot be seen")
    try:
        canonical(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a URL: {error}") from None
    return text.rstrip("/")


def _proxy_host(text: str) -> str:
    plain = is_one_line(text) and text and not re.search(r"[\s,/]", text)
    if not plain and not _is_network(text):
        raise ValueError(f"{text!r} is not a host, domain, address or network for NO_PROXY")
    return text


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(f"{excerpt(text, 60)!r} is not an IP address") from None


def _network(text: str) -> str:
    if "/" not in text or not _is_network(text):
        raise ValueError(f"{text!r} is not a range of addresses; write for example 10.96.0.0/12")
    return text


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _image(text: str) -> str:
    if len(text) > 512 or not _IMAGE.fullmatch(text):
        raise ValueError(
            f"{text!r} is not an image reference; write for example alpine:3.22 or "
            "registry.example.com/team/tool:1.2"
        )
    return text


def _tag(text: str) -> str:
    if not is_one_line(text):
        raise ValueError(f"{text!r} is not a runner tag: it has characters that cannot be seen")
    if not text.strip() or "," in text or len(text) > 255:
        raise ValueError(
            f"{text!r} is not a runner tag: not empty, no comma, at most 255 characters"
        )
    return text.strip()


def _label_key(text: str) -> str:
    prefix, _, name = text.rpartition("/")
    if prefix:
        _dns_subdomain(prefix)
    if not name or len(name) > 63 or not _LABEL_VALUE.fullmatch(name):
        raise ValueError(f"{text!r} is not a label key; write for example kubernetes.io/arch")
    return text


def _label_value(text: str) -> str:
    if len(text) > 63 or not _LABEL_VALUE.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a label value: letters, digits, '-', '_', '.', at most 63"
        )
    return text


def _one_line(text: str) -> str:
    if not is_one_line(text):
        raise ValueError("must be one line of plain text")
    return text


def _duration(value: object) -> object:
    if isinstance(value, str):
        return units.parse_duration(value)
    return value


Text = Annotated[str, AfterValidator(_one_line), Field(max_length=1024), Kind("text")]
_Number = int | float | str
Cpu = Annotated[
    str,
    BeforeValidator(_text, json_schema_input_type=_Number),
    AfterValidator(_cpu),
    Kind("CPU in cores, such as 500m or 2"),
]
"""A CPU quantity, canonical: `500m`, `2`."""
Memory = Annotated[
    str,
    BeforeValidator(_text, json_schema_input_type=_Number),
    AfterValidator(_bytes),
    Kind("bytes, such as 512Mi or 2Gi"),
]
"""A memory or storage quantity, canonical: `512Mi`, `2Gi`."""
Seconds = Annotated[
    int,
    BeforeValidator(_duration, json_schema_input_type=int | str),
    Field(ge=0, le=31_536_000, strict=True),
    Kind("duration, such as 90m, 1h30m or 3600"),
]
"""A duration, in seconds; written `90m`, `1h30m` or `3600`."""
DnsLabel = Annotated[str, AfterValidator(_dns_label), Kind("Kubernetes name")]
ObjectName = Annotated[str, AfterValidator(_dns_subdomain), Kind("Kubernetes object name")]
RunnerName = Annotated[str, AfterValidator(_runner_name), Kind("Kubernetes name")]
Url = Annotated[str, AfterValidator(_url), Kind("URL")]
NoProxyHost = Annotated[str, AfterValidator(_proxy_host), Kind("host, domain or network")]
ImageRef = Annotated[str, AfterValidator(_image), Kind("image reference")]
Network = Annotated[str, AfterValidator(_network), Kind("range of addresses")]
IpAddress = Annotated[str, AfterValidator(_address), Kind("IP address")]
Tag = Annotated[
    str,
    BeforeValidator(_text, json_schema_input_type=_Number),
    AfterValidator(_tag),
    Kind("runner tag"),
]
LabelKey = Annotated[str, AfterValidator(_label_key), Kind("label key")]
LabelValue = Annotated[
    str,
    BeforeValidator(_text, json_schema_input_type=_Number),
    AfterValidator(_label_value),
    Kind("label value"),
]
Labels = dict[LabelKey, LabelValue]
Architecture = Literal["amd64", "arm64", "s390x", "ppc64le", "riscv64"]
Count = Annotated[int, Field(ge=1, le=1000, strict=True), Kind("whole number")]
FilePath = Annotated[str, Matching(r"[^\x00-\x1f\x7f]+", "a path")]
Version = Annotated[str, Matching(r"\d+\.\d+\.\d+", "a version such as 19.3.1")]
