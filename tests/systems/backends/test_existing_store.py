"""A store of the user's own: told what to store where, or pushed; then seen to come out of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.fakes.kubernetes import FakeCluster
from tests.fakes.kubernetes.external_secrets import STORE, ExternalSecretsPlayer
from tests.systems.backends.conformance import OURS, new_token, profile, said, whole_text
from tests.systems.backends.strict import assert_fits_its_definition
from wizard.core.errors import ConflictError, RefusedError, WizardError
from wizard.core.findings import Finding, Verdict
from wizard.core.manifest import Manifest, own_labels
from wizard.core.secrets import SecretStr, fingerprint
from wizard.profile.model import Profile
from wizard.render.releases import token_readers
from wizard.systems.backends import BelongsToAnotherError, Owner
from wizard.systems.backends.context import BackendContext
from wizard.systems.backends.existing_store import ExistingStore
from wizard.systems.kubernetes.adapter import KubernetesCluster
from wizard.systems.kubernetes.contexts import connect
from wizard.systems.kubernetes.secret_body import opaque

PLACE = ("gitlab/one", "token")


class Person:
    """Somebody at the terminal, who does (or does not do) what they are told."""

    def __init__(self, operator: ExternalSecretsPlayer) -> None:
        self._operator = operator
        self.told: list[str] = []
        self.slips = 0
        """How often they store something else first."""

    def __call__(self, what: str, token: SecretStr) -> None:
        self.told.append(what)
        if self.slips:
            self.slips -= 1
            self._operator.values[PLACE] = "a slip"
        else:
            self._operator.values[PLACE] = token.get_secret_value() + "\n"


@pytest.fixture
def fake() -> Iterator[FakeCluster]:
    with FakeCluster("external-secrets") as cluster:
        yield cluster


@pytest.fixture
def cluster(
    fake: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> KubernetesCluster:
    monkeypatch.setenv("KUBECONFIG", str(fake.write_kubeconfig(tmp_path / "config")))
    return connect()


@pytest.fixture
def operator(fake: FakeCluster) -> ExternalSecretsPlayer:
    return ExternalSecretsPlayer(fake)


@pytest.fixture
def person(operator: ExternalSecretsPlayer) -> Person:
    return Person(operator)


def a_profile(**settings: object) -> Profile:
    own = {"key": "gitlab/{runner}", "property": "token", **settings}
    store = {"kind": "ClusterSecretStore", "name": STORE}
    return profile({"backend": "existing-store", "existing_store": own, "store": store})


def around(person: Person | None = None, **settings: object) -> BackendContext:
    wished = a_profile(**settings)

    readers = partial(token_readers, wished)
    return BackendContext(wished, Path(), {}, hand_over=person, readers=readers)


def store(
    cluster: KubernetesCluster, person: Person | None = None, **settings: object
) -> ExistingStore:
    return quick(around(person, **settings), cluster)


def quick(surroundings: BackendContext, cluster: KubernetesCluster) -> ExistingStore:
    return ExistingStore(surroundings, cluster, timeout=1, glance=0.2, poll=0.02)


def failures(backend: ExistingStore) -> list[Finding]:
    return [c.finding for c in backend.check() if c.verdict is Verdict.FAIL and c.finding]


RUNNER = a_profile().runners[0]


def test_it_says_exactly_what_to_store_where_and_sees_it_arrive(cluster, operator, person):
    backend, token = store(cluster, person), new_token()

    assert backend.read(RUNNER) is None
    assert backend.write(RUNNER, token)

    place = f"ClusterSecretStore {STORE}, key gitlab/one, property token"
    assert person.told == [f"Store the token of runner one in {place}."]
    assert store(cluster).read(RUNNER).fingerprint == fingerprint(token)


def test_the_same_token_again_troubles_nobody(cluster, fake, person):
    token = new_token()
    store(cluster, person).write(RUNNER, token)
    fake.writes.clear()

    assert not store(cluster, person).write(RUNNER, token)

    assert len(person.told) == 1
    assert fake.writes == []


def test_a_slip_is_told_again_with_what_is_there(cluster, person):
    person.slips = 1

    assert store(cluster, person).write(RUNNER, new_token())

    assert person.told[1].endswith("It is not there yet: another value is there.")


def test_a_rotation_is_noticed_although_the_operator_is_between_two_looks(cluster, person):
    store(cluster, person).write(RUNNER, new_token())
    second = new_token()

    assert store(cluster, person).write(RUNNER, second)

    assert store(cluster).read(RUNNER).fingerprint == fingerprint(second)


def test_a_token_that_never_comes_out_is_an_error_with_the_operators_words(cluster, operator):
    def forgetful(_what: str, _token: SecretStr) -> None:
        """Does nothing."""

    backend = quick(replace(around(), hand_over=forgetful), cluster)

    with pytest.raises(WizardError, match="has not come out") as lost:
        backend.write(RUNNER, new_token())

    assert "Secret does not exist" in lost.value.cause
    assert "gets a new token" in lost.value.fix


def test_waiting_ends_when_it_is_cancelled(cluster, operator):
    cancel = threading.Event()

    def impatient(_what: str, _token: SecretStr) -> None:
        cancel.set()

    surroundings = replace(around(), hand_over=impatient, cancel=cancel)
    with pytest.raises(WizardError, match="Stopped before") as stopped:
        ExistingStore(surroundings, cluster, poll=60).write(RUNNER, new_token())
    assert "gets a new token" in stopped.value.fix


def test_with_nobody_there_it_refuses_before_anything_is_created(cluster, fake, operator):
    backend = store(cluster)

    with pytest.raises(RefusedError, match="no one to store the token") as refused:
        backend.write(RUNNER, new_token())

    assert fake.writes == []
    assert [failed.problem for failed in failures(backend)] == [refused.value.problem]


def test_the_cluster_may_push_the_token_and_keeps_nothing_of_it(cluster, fake, operator):
    backend, token = store(cluster, push=True), new_token()

    assert backend.write(RUNNER, token)

    assert operator.values == {PLACE: token.get_secret_value()}
    assert fake.objects("PushSecret") == []
    assert [body["metadata"]["name"] for body in fake.objects("Secret")] == [RUNNER.token_secret]
    assert backend.read(RUNNER).fingerprint == fingerprint(token)


def test_a_push_that_is_cancelled_says_so_and_leaves_nothing_behind(cluster, fake, operator):
    cancel = threading.Event()
    cancel.set()
    surroundings = replace(around(push=True), cancel=cancel)
    with pytest.raises(WizardError, match="Stopped before"):
        ExistingStore(surroundings, cluster).write(RUNNER, new_token())
    assert not fake.objects("PushSecret")


def test_what_is_pushed_fits_the_definition_of_its_kind(cluster, operator, tmp_path):
    store(cluster, push=True).write(RUNNER, new_token())
    for field in ("managedFields", "uid", "resourceVersion", "generation", "creationTimestamp"):
        operator.pushed[0]["metadata"].pop(field)
    (tmp_path / "push.yaml").write_text(yaml.safe_dump(operator.pushed[0]))

    assert_fits_its_definition(tmp_path / "push.yaml")


def test_a_push_that_fails_says_why_and_leaves_nothing_behind(cluster, fake, operator):
    operator.push_refusal = "secret not managed by external-secrets"

    with pytest.raises(WizardError, match="could not write") as refused:
        store(cluster, push=True).write(RUNNER, new_token())

    assert "not managed by" in refused.value.cause
    assert fake.objects("PushSecret") == []
    assert fake.objects("Secret") == []


def test_what_a_killed_push_left_is_not_taken_for_this_ones(cluster, fake, operator):
    killed = store(cluster, push=True)
    killed.write(RUNNER, new_token())
    name = f"{RUNNER.token_secret}-source"
    namespace = a_profile().cluster.namespace
    stale = {"conditions": [{"type": "Ready", "status": "True", "reason": "Synced"}]}
    left = {
        "apiVersion": "external-secrets.io/v1alpha1",
        "kind": "PushSecret",
        "metadata": {"name": name, "namespace": namespace, "labels": own_labels(OURS)},
        "spec": {"selector": {"secret": {"name": name}}, "data": []},
    }
    cluster.apply(opaque(left["metadata"], {"token": new_token().get_secret_value()}))
    cluster.apply(Manifest(left))
    fake.put({**fake.objects("PushSecret")[0], "status": stale})
    token = new_token()

    assert store(cluster, push=True).write(RUNNER, token)

    assert operator.values == {PLACE: token.get_secret_value()}
    assert fake.objects("PushSecret") == []


def test_removing_leaves_the_users_store_alone(cluster, operator, person):
    backend = store(cluster, person)
    backend.write(RUNNER, new_token())

    assert not backend.remove(RUNNER)
    assert PLACE in operator.values


def test_a_check_finds_all_well_and_writes_nothing(cluster, fake, operator, person):
    for backend in (store(cluster, person), store(cluster, push=True)):
        checks = backend.check()
        assert {check.verdict for check in checks} == {Verdict.OK}, said(checks)
    assert fake.writes == []


@pytest.mark.parametrize(
    ("change", "settings", "told"),
    [
        ({"metadata": {"name": "another"}}, {}, "there is no ClusterSecretStore"),
        ({"status": {"conditions": []}}, {}, "is not ready"),
        (
            {"spec": {"conditions": [{"namespaces": ["elsewhere"]}]}},
            {},
            "does not let namespace gitlab-runner use it",
        ),
        (
            {
                "status": {
                    "capabilities": "ReadOnly",
                    "conditions": [{"type": "Ready", "status": "True"}],
                }
            },
            {"push": True},
            "cannot write",
        ),
    ],
)
def test_a_store_that_will_not_do_is_said_before_anything_is_done(
    cluster, fake, operator, person, change, settings, told
):
    if "metadata" in change:
        fake.remove(operator.store)
    else:
        operator.change_store(**change)

    (failed,) = failures(store(cluster, person, **settings))

    assert told in failed.problem
    assert failed.fix


def test_without_external_secrets_it_says_so(tmp_path, monkeypatch, person):
    with FakeCluster() as bare:
        monkeypatch.setenv("KUBECONFIG", str(bare.write_kubeconfig(tmp_path / "bare")))
        (failed,) = failures(store(connect(), person))

    assert "older than 0.16" in failed.problem


def test_rights_that_are_missing_are_named(cluster, fake, operator, person):
    fake.deny(resource="externalsecrets", verb="patch")

    (failed,) = failures(store(cluster, person))

    assert "patch externalsecrets.external-secrets.io" in failed.evidence


def test_the_policy_names_the_place_of_every_runner(cluster, operator):
    text = store(cluster).policy()

    assert "key gitlab/one" in text
    assert "key gitlab/two" in text


@pytest.mark.parametrize("push", [True, False])
def test_the_token_shows_nowhere_but_to_the_person(cluster, fake, operator, person, caplog, push):
    caplog.set_level(logging.DEBUG)
    token = new_token()
    canary = token.get_secret_value()
    operator.push_refusal = f"could not write {canary}"
    person.slips = 99
    backend = store(cluster, person, push=push)

    with pytest.raises(WizardError) as refused:
        backend.write(RUNNER, token)
    operator.push_refusal, person.slips = "", 0
    backend.write(RUNNER, token)

    texts = [whole_text(refused.value), repr(backend.__dict__), said(backend.check()), caplog.text]
    texts += [*person.told, backend.policy(), backend.where(RUNNER)]
    assert canary not in "\n".join(texts)


def of_another(cluster, person=None):
    surroundings = around(person)
    other = surroundings.profile.model_copy(update={"id": "0badcafe"})
    return quick(replace(surroundings, profile=other), cluster)


def test_whose_it_is_stands_on_what_reads_it(cluster, operator, person):
    store(cluster, person).write(RUNNER, new_token(), 17)

    assert store(cluster).read(RUNNER).owner == Owner("3f9c2a71", 17)


def test_another_profiles_token_is_neither_asked_for_nor_pushed_over(cluster, operator, person):
    token = new_token()
    store(cluster, person).write(RUNNER, token, 17)

    for call in (lambda b: b.write(RUNNER, new_token(), 4), lambda b: b.remove(RUNNER)):
        with pytest.raises(BelongsToAnotherError, match="the id 3f9c2a71"):
            call(of_another(cluster, person))

    assert len(person.told) == 1
    assert store(cluster).read(RUNNER).fingerprint == fingerprint(token)


@pytest.mark.parametrize("push", [False, True])
def test_a_token_that_the_store_holds_already_is_seen_before_it_is_overwritten(
    cluster, operator, person, push
):
    operator.values[PLACE] = "theirs"

    with pytest.raises(ConflictError, match="nothing shows that it is this profile's"):
        store(cluster, person, push=push).write(RUNNER, new_token(), 17)

    assert person.told == []
    assert operator.values[PLACE] == "theirs"
    assert store(cluster).read(RUNNER).owner is None
