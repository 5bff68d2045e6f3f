"""What every backend must do, whatever stands behind it.

A backend joins by a subclass of `Conformance` named `Test...` in its own module, with a fixture
`place` that yields a `Place`. Its own cases stand beside it.
"""

from __future__ import annotations

import logging
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.fakes.proxy import Call, Fault, FaultyProxy, Reply
from tests.faults import matrix
from wizard.core.errors import NotAllowedError, NotReachedError, WizardError
from wizard.core.findings import Check, Verdict
from wizard.core.secrets import SecretStr, fingerprint
from wizard.profile.model import Profile
from wizard.profile.runner import Runner
from wizard.systems.backends import Backend, BelongsToAnotherError, Owner
from wizard.systems.http.policy import Policy

PATIENCE = 1.5
"""Seconds without an answer after which a backend of the suite gives up; build it with these."""

OURS = "3f9c2a71"
"""The id of the profile below."""


class Place(Protocol):
    """One backend's server, with a way to it that can fail."""

    profile: Profile
    """Made by `profile()` below: two runners, `one` and `two`."""
    proxy: FaultyProxy
    """Every call of the backends below goes through it."""
    throttled: Reply
    """How this server says that it is asked too often, with a wait of one second."""

    def backend(self) -> Backend:
        """The backend as a newly started program would have it; gives up after `PATIENCE`."""
        ...

    def stranger(self) -> Backend:
        """The same, as somebody who is known but has no rights here."""
        ...

    def put(self, runner: Runner, value: str) -> None:
        """Store a value as somebody else would, past the backend and the proxy."""
        ...

    def writes(self, call: Call) -> bool:
        """Whether this call changes something; signing in does not."""
        ...


def profile(secrets_section: dict[str, Any]) -> Profile:
    """A profile with two runners and these settings of its backend."""
    runners = [
        {"name": name, "scope": {"project": "acme/homelab"}, "tags": [name]}
        for name in ("one", "two")
    ]
    return Profile.model_validate(
        {
            "version": 1,
            "id": OURS,
            "name": "suite",
            "gitlab": {"url": "https://gitlab.example.com"},
            "runners": runners,
            "secrets": secrets_section,
        }
    )


def new_token() -> SecretStr:
    """Shaped like a runner authentication token, and new each time."""
    return SecretStr("glrt-" + secrets.token_hex(10))


def whole_text(error: BaseException) -> str:
    """Everything an error and those it came from would print."""
    seen: list[str] = []
    current: BaseException | None = error
    while current:
        seen += [str(current), repr(current), repr(vars(current))]
        current = current.__cause__ or current.__context__
    return "\n".join(seen)


def said(checks: list[Check]) -> str:
    return "\n".join(f"{check.name} {check.verdict} {check.finding}" for check in checks)


def _is_none(answer: object) -> bool:
    return answer is None


def _is_of_an_unknown_owner(answer: Any) -> bool:
    """The token, whose owner an odd second answer hid; it is not taken for ours then."""
    return answer is not None and answer.owner is None


def _failures_are_told(checks: list[Check]) -> bool:
    failed = [check for check in checks if check.verdict is Verdict.FAIL]
    return bool(checks) and all(check.finding and check.finding.problem for check in failed)


def _are_facts(found: Any) -> bool:
    return isinstance(found, Mapping)


class Conformance:
    """The suite. Every test starts with nothing stored."""

    @pytest.fixture
    def backend(self, place: Place) -> Iterator[Backend]:
        backend = place.backend()
        yield backend
        backend.close()

    @pytest.fixture
    def one(self, place: Place) -> Runner:
        return place.profile.runners[0]

    @pytest.fixture
    def two(self, place: Place) -> Runner:
        return place.profile.runners[1]

    # Storing and reading

    def test_nothing_is_read_where_nothing_was_written(self, backend: Backend, one: Runner) -> None:
        assert backend.read(one) is None

    def test_what_was_written_is_read(self, backend: Backend, place: Place, one: Runner) -> None:
        token = new_token()
        assert backend.write(one, token) is True
        stored = place.backend().read(one)
        assert stored is not None
        assert stored.fingerprint == fingerprint(token)
        assert stored.changed_at is None or stored.changed_at.tzinfo is not None

    def test_the_same_token_again_writes_nothing(
        self, backend: Backend, place: Place, one: Runner
    ) -> None:
        token = new_token()
        backend.write(one, token)
        before = place.backend().read(one)
        place.proxy.calls.clear()
        assert place.backend().write(one, token) is False
        assert not [call for call in place.proxy.calls if place.writes(call)]
        assert place.backend().read(one) == before

    def test_a_new_token_replaces_the_old_one(self, backend: Backend, one: Runner) -> None:
        backend.write(one, new_token())
        before = backend.read(one)
        token = new_token()
        assert backend.write(one, token) is True
        after = backend.read(one)
        assert before
        assert after
        assert after.fingerprint == fingerprint(token)
        assert not after.version or after.version != before.version

    def test_each_runner_has_its_own(self, backend: Backend, one: Runner, two: Runner) -> None:
        first, second = new_token(), new_token()
        backend.write(one, first)
        backend.write(two, second)
        stored = [backend.read(one), backend.read(two)]
        assert [s and s.fingerprint for s in stored] == [fingerprint(first), fingerprint(second)]
        assert backend.where(one) != backend.where(two)

    def test_an_empty_value_is_no_token(self, backend: Backend, place: Place, one: Runner) -> None:
        place.put(one, "")
        assert backend.read(one) is None

    def test_a_value_of_somebody_else_is_told_from_ours(
        self, backend: Backend, place: Place, one: Runner
    ) -> None:
        other = new_token()
        place.put(one, other.get_secret_value())
        stored = backend.read(one)
        assert stored is not None
        assert stored.fingerprint == fingerprint(other)
        token = new_token()
        assert backend.write(one, token) is True
        assert (stored := backend.read(one))
        assert stored.fingerprint == fingerprint(token)

    def test_removed_is_gone_and_can_be_written_again(
        self, backend: Backend, one: Runner, two: Runner
    ) -> None:
        kept = new_token()
        backend.write(one, new_token())
        backend.write(two, kept)
        assert backend.remove(one) is True
        assert backend.read(one) is None
        assert backend.remove(one) is False
        assert (stored := backend.read(two))
        assert stored.fingerprint == fingerprint(kept)
        token = new_token()
        assert backend.write(one, token) is True
        assert (stored := backend.read(one))
        assert stored.fingerprint == fingerprint(token)

    def test_runners_are_looked_at_side_by_side(
        self, backend: Backend, place: Place, one: Runner, two: Runner
    ) -> None:
        tokens = [new_token(), new_token()]
        backend.write(one, tokens[0])
        backend.write(two, tokens[1])
        fresh = place.backend()
        with ThreadPoolExecutor(8) as pool:
            stored = list(pool.map(fresh.read, [one, two] * 8))
        assert [s and s.fingerprint for s in stored] == [fingerprint(t) for t in tokens] * 8

    # Whose it is

    def test_whose_it_is_stands_beside_it(
        self, backend: Backend, place: Place, one: Runner
    ) -> None:
        backend.write(one, new_token(), 17)
        assert (stored := place.backend().read(one))
        assert stored.owner == Owner(OURS, 17)
        backend.write(one, new_token(), 18)
        assert (stored := place.backend().read(one))
        assert stored.owner == Owner(OURS, 18)

    def test_another_profiles_token_is_neither_written_nor_removed(
        self, place: Place, one: Runner
    ) -> None:
        token = new_token()
        place.backend().write(one, token, 17)
        place.profile = place.profile.model_copy(update={"id": "0badcafe"})
        other = place.backend()
        place.proxy.calls.clear()
        for call in (lambda: other.write(one, new_token(), 4), lambda: other.remove(one)):
            with pytest.raises(BelongsToAnotherError) as refused:
                call()
            assert f"the id {OURS}" in refused.value.problem
            assert "another name" in refused.value.fix
            assert f'id: "{OURS}"' in refused.value.fix
        assert not [call for call in place.proxy.calls if place.writes(call)]
        assert (stored := other.read(one))
        assert (stored.fingerprint, stored.owner) == (fingerprint(token), Owner(OURS, 17))

    def test_a_token_of_an_earlier_version_becomes_ours_without_being_replaced(
        self, backend: Backend, place: Place, one: Runner
    ) -> None:
        token = new_token()
        place.put(one, token.get_secret_value())
        assert (stored := backend.read(one))
        # No runner was noted; a Secret of the cluster had the profile's label even then.
        assert stored.owner in (None, Owner(OURS, 0))
        backend.write(one, token, 17)
        assert (stored := place.backend().read(one))
        assert (stored.fingerprint, stored.owner) == (fingerprint(token), Owner(OURS, 17))
        place.proxy.calls.clear()
        assert place.backend().write(one, token, 17) is False
        assert not [call for call in place.proxy.calls if place.writes(call)]

    def test_a_removed_token_leaves_the_place_to_others(self, place: Place, one: Runner) -> None:
        place.backend().write(one, new_token(), 17)
        place.backend().remove(one)
        place.profile = place.profile.model_copy(update={"id": "0badcafe"})
        assert place.backend().write(one, new_token(), 4) is True

    def test_the_token_that_is_read_can_be_shown_to_gitlab(
        self, backend: Backend, one: Runner
    ) -> None:
        token = new_token()
        backend.write(one, token)
        assert (stored := backend.read(one))
        assert stored.token is not None
        assert stored.token.get_secret_value() == token.get_secret_value()

    # Telling

    def test_a_check_finds_all_well_and_writes_nothing(
        self, backend: Backend, place: Place
    ) -> None:
        place.proxy.calls.clear()
        checks = backend.check()
        assert checks
        assert not [c for c in checks if c.verdict in {Verdict.FAIL, Verdict.WARN}], said(checks)
        assert not [call for call in place.proxy.calls if place.writes(call)]

    def test_the_policy_names_the_place_of_every_runner(
        self, backend: Backend, place: Place
    ) -> None:
        policy = backend.policy()
        assert all(runner.name in policy for runner in place.profile.runners)

    # Being refused

    def test_without_rights_every_call_says_so(self, place: Place, one: Runner) -> None:
        stranger = place.stranger()
        checks = stranger.check()
        failed = [check for check in checks if check.verdict is Verdict.FAIL]
        assert failed
        assert all(check.finding and check.finding.fix for check in failed)
        for call in (
            lambda: stranger.read(one),
            lambda: stranger.write(one, new_token()),
            lambda: stranger.remove(one),
        ):
            with pytest.raises(NotAllowedError) as refused:
                call()
            assert refused.value.cause
            assert refused.value.fix

    # Not being reached

    def test_where_nobody_answers_it_says_so_at_once(self, place: Place, one: Runner) -> None:
        backend = place.backend()
        place.proxy.vanish()
        started = time.monotonic()
        with pytest.raises(NotReachedError) as lost:
            backend.read(one)
        assert lost.value.fix
        checks = backend.check()
        assert [check.verdict for check in checks if check.verdict is Verdict.FAIL], said(checks)
        assert time.monotonic() - started < 10

    def test_a_server_that_hangs_is_given_up(self, place: Place, one: Runner) -> None:
        backend = place.backend()
        backend.read(one)
        place.proxy.fail(Fault(delay=PATIENCE * 2, times=99))
        started = time.monotonic()
        with pytest.raises(NotReachedError) as lost:
            backend.read(one)
        assert time.monotonic() - started < PATIENCE * 2
        assert "in time" in lost.value.problem

    def test_every_fault_on_the_wire_is_told_in_words(
        self, place: Place, one: Runner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Policy, "_pause", lambda *_: None)
        place.put(one, new_token().get_secret_value())
        calls = {
            "read": matrix.Call(
                lambda: place.backend().read(one),
                otherwise={
                    **dict.fromkeys(("404", "410"), _is_none),
                    **dict.fromkeys(("{}", "wrong kinds"), _is_of_an_unknown_owner),
                },
            ),
            "write": matrix.Call(
                lambda: place.backend().write(one, new_token()),
                writes=True,
                right=lambda written: written is True,
            ),
            "check": matrix.Call(lambda: place.backend().check(), right=_failures_are_told),
            "facts": matrix.Call(lambda: place.backend().facts(), right=_are_facts),
            "remove": matrix.Call(
                lambda: place.backend().remove(one),
                writes=True,
                right=lambda removed: removed in {True, False},
            ),
        }
        ended, bad = matrix.every_cell(place.proxy, calls)
        sys.stderr.write(f"\n{type(place).__name__}: {sum(ended.values())} cells, {len(bad)} bad\n")
        assert not bad, "\n".join(bad[:60])

    def test_a_read_that_was_cut_is_asked_again(
        self, backend: Backend, place: Place, one: Runner
    ) -> None:
        token = new_token()
        backend.write(one, token)
        fault = place.proxy.fail(Fault(drop_before=True))
        assert (stored := backend.read(one))
        assert stored.fingerprint == fingerprint(token)
        assert fault.hits == 1

    def test_a_gateway_in_trouble_is_asked_again_and_then_named(
        self, backend: Backend, place: Place, one: Runner
    ) -> None:
        backend.read(one)
        page = Reply(502, b"<html><head><title>502 Bad Gateway</title></head></html>")
        fault = place.proxy.fail(Fault(reply=page, times=99))
        with pytest.raises(NotReachedError) as lost:
            backend.read(one)
        assert 1 < fault.hits < 6
        assert "<html>" not in str(lost.value)

    @pytest.mark.parametrize(
        "body", [b"", b"{}", b"[]", b'{"data": 5}', b"{broken", b"<html>Sign in</html>"]
    )
    def test_an_answer_that_makes_no_sense_is_an_error_in_words(
        self, place: Place, one: Runner, body: bytes
    ) -> None:
        backend = place.backend()
        reply = Reply(200, body, {"Content-Type": "application/json"})
        place.proxy.fail(Fault(reply=reply, times=999))
        checks = backend.check()
        assert [check for check in checks if check.verdict is not Verdict.OK], said(checks)
        with pytest.raises(WizardError) as invalid_response:
            backend.write(one, new_token())
        assert invalid_response.value.fix

    def test_a_limit_on_calls_is_waited_out(
        self, backend: Backend, place: Place, one: Runner
    ) -> None:
        token = new_token()
        backend.write(one, token)
        fault = place.proxy.fail(Fault(reply=place.throttled))
        assert (stored := backend.read(one))
        assert stored.fingerprint == fingerprint(token)
        assert fault.hits == 1

    def test_a_write_whose_answer_was_lost_says_that_it_may_be_done(
        self, backend: Backend, place: Place, one: Runner
    ) -> None:
        token = new_token()
        place.proxy.fail(Fault(when=place.writes, drop_after=True))
        with pytest.raises(NotReachedError) as lost:
            backend.write(one, token)
        assert lost.value.maybe_done
        backend.write(one, token)
        assert (stored := place.backend().read(one))
        assert stored.fingerprint == fingerprint(token)

    @pytest.mark.parametrize("before", [True, False], ids=["first token", "rotation"])
    @pytest.mark.parametrize("carried_out", [True, False], ids=["done", "not done"])
    def test_a_write_that_was_killed_leaves_a_whole_token_or_none(
        self, place: Place, one: Runner, before: bool, carried_out: bool
    ) -> None:
        """Cut at the first call that changes something, then at the second, until none is left."""
        for survived in range(9):
            old, new = new_token(), new_token()
            killed, next_run = place.backend(), place.backend()
            if not before:
                next_run.write(one, old)
            fault = place.proxy.fail(
                Fault(
                    when=place.writes,
                    skip=survived,
                    times=99,
                    drop_after=carried_out,
                    drop_before=not carried_out,
                )
            )
            try:
                killed.write(one, new)
            except NotReachedError:
                assert fault.hits
            place.proxy.heal()
            stored = next_run.read(one)
            expected = {None if before else fingerprint(old), fingerprint(new)}
            assert (stored.fingerprint if stored else None) in expected
            next_run.write(one, new)
            assert (stored := next_run.read(one))
            assert stored.fingerprint == fingerprint(new)
            next_run.remove(one)
            if not fault.hits:
                return
        pytest.fail("a write changes more than eight things")

    # Keeping quiet

    def test_the_token_shows_nowhere(
        self,
        place: Place,
        one: Runner,
        caplog: pytest.LogCaptureFixture,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Hunted through logs at their loudest, errors, checks, reprs and temporary files."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        caplog.set_level(logging.DEBUG)
        token = new_token()
        canary = token.get_secret_value()
        backend = place.backend()
        texts = []
        for fault in (
            Fault(when=place.writes, drop_after=True),
            Fault(when=place.writes, reply=Reply(500, b"it broke: " + canary.encode())),
            Fault(when=place.writes, reply=Reply(400, b"bad value " + canary.encode())),
        ):
            place.proxy.fail(fault)
            try:
                backend.write(one, token)
            except WizardError as error:
                texts.append(whole_text(error))
            place.proxy.heal()
            backend.remove(one)
        assert texts
        backend.write(one, token)
        texts += [repr(backend), repr(backend.read(one)), said(backend.check()), backend.policy()]
        texts += [backend.where(one), caplog.text]
        texts += [
            path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()
        ]
        backend.close()
        assert canary not in "\n".join(texts)
