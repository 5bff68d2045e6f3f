"""The file of a private CA: what it may hold, and what is said of one that cannot be used."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import trustme

from tests.profile.profiles import SMALLEST
from wizard.core.problems import InvalidDocumentError, key_path
from wizard.profile.load import load, load_text

_TEXT = SMALLEST + "gitlab: {url: 'https://git.example.com', ca_file: tls/ca.pem}\n"
_AUTHORITY = trustme.CA()
_CERTIFICATE = _AUTHORITY.cert_pem.bytes()


def _profile(folder: Path, content: bytes | None) -> Path:
    (folder / "tls").mkdir()
    if content is not None:
        (folder / "tls" / "ca.pem").write_bytes(content)
    path = folder / "small.yaml"
    path.write_text(_TEXT, encoding="utf-8")
    return path


def _said(folder: Path, content: bytes | None) -> str:
    path = _profile(folder, content)
    with pytest.raises(InvalidDocumentError) as refused:
        load(path)
    (problem,) = refused.value.problems.errors
    assert key_path(problem.key) == "gitlab.ca_file"
    assert problem.line == 6
    return f"{problem.message}; {problem.fix}"


def test_the_certificates_are_read_from_beside_the_profile(tmp_path: Path) -> None:
    loaded = load(_profile(tmp_path, _CERTIFICATE))
    assert loaded.profile.gitlab.authority.encode() == _CERTIFICATE


def test_only_the_certificates_count_whatever_stands_around_them(tmp_path: Path) -> None:
    other = trustme.CA().cert_pem.bytes()
    windows = _CERTIFICATE.replace(b"\n", b"\r\n")
    loaded = load(_profile(tmp_path, b"subject=CN = caf\xc3\xa9\n" + windows + b"\n" + other))
    assert loaded.profile.gitlab.authority.encode() == _CERTIFICATE + other


def test_the_certificates_are_no_key_of_the_profile(tmp_path: Path) -> None:
    gitlab = load(_profile(tmp_path, _CERTIFICATE)).profile.gitlab
    assert "BEGIN" not in gitlab.model_dump_json()
    with pytest.raises(InvalidDocumentError):
        load_text(SMALLEST + "gitlab: {authority: x}\n", tmp_path / "other.yaml")


def test_a_file_that_is_not_there_is_named_with_its_folder(tmp_path: Path) -> None:
    said = _said(tmp_path, None)
    assert f"{tmp_path}/tls/ca.pem: No such file" in said


def test_a_private_key_is_refused_and_not_repeated(tmp_path: Path) -> None:
    key = _AUTHORITY.private_key_pem.bytes()
    said = _said(tmp_path, _CERTIFICATE + key)
    assert "holds a private key" in said
    assert "replace the key" in said
    assert key.decode().splitlines()[1] not in said


def test_a_certificate_that_is_not_pem_says_how_to_make_it_so(tmp_path: Path) -> None:
    said = _said(tmp_path, b"0\x82\x03\x00\x30\x82")
    assert "holds no certificate in PEM" in said
    assert "openssl x509 -inform der" in said


def test_a_damaged_certificate_is_found_before_it_is_rolled_out(tmp_path: Path) -> None:
    middle = len(_CERTIFICATE) // 2
    said = _said(tmp_path, _CERTIFICATE[: middle - 60] + _CERTIFICATE[middle:])
    assert "damaged" in said


def test_a_bundle_that_no_configmap_could_hold_is_refused(tmp_path: Path) -> None:
    assert "larger than 512 KiB" in _said(tmp_path, _CERTIFICATE * 2000)


def test_a_file_of_certificates_that_never_end_is_refused_at_once(tmp_path: Path) -> None:
    line = b"-----BEGIN CERTIFICATE-----"
    began = time.monotonic()
    assert "holds no certificate in PEM" in _said(tmp_path, line * (500_000 // len(line)))
    assert time.monotonic() - began < 2
