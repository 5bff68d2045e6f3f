"""A credential goes to the address it belongs to: what a stranger's profile can and cannot do."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from tests.fakes.stranger import Stranger
from tests.journeys.world import World
from tests.profile.profiles import SMALLEST, read
from tests.terminal import Person
from tests.wizard_process import run_wizard
from wizard.core.errors import RefusedError, WizardError
from wizard.profile.model import Profile
from wizard.wiring import Wiring
from wizard.wiring.trust import Trust


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    with Stranger() as stranger:
        yield stranger


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world


def run(world: World, *arguments: str, **more: str) -> tuple[int, str]:
    environment = {
        name: value for name, value in world.environment.items() if name != "GITLAB_HOST"
    }
    done = run_wizard(*arguments, environment=environment | more, folder=world.folder)
    return done.code, done.err


def answered(world: World, answer: str, *arguments: str) -> str:
    """The same on a terminal, with one answer to the first question."""
    environment = {
        name: value for name, value in world.environment.items() if name != "GITLAB_HOST"
    }
    person = Person(environment, world.folder, *arguments)
    person.sees("[y/N]")
    person.answers(answer)
    person.code()
    return person.seen


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["destroy", "--yes"]])
def test_a_profile_cannot_send_the_token_to_an_address_of_its_own(
    world: World, stranger: Stranger, command: list[str]
) -> None:
    world.change(f"url: {world.gitlab.url}", f"url: {stranger.url}")
    world.change("version: 1\n", "version: 1\nid: 3f9c2a71\n")
    code, said = run(world, command[0], str(world.profile), *command[1:])
    assert code == 3
    assert stranger.seen == []
    assert f"GITLAB_TOKEN was not sent to {stranger.url}." in said
    assert "GITLAB_HOST and CI_SERVER_URL are not set, so it is for https://gitlab.com" in said
    # As it was started here, so that the line runs as pasted.
    line = f"{sys.executable} -m wizard {command[0]} {world.profile} --trust {stranger.url}"
    assert f"If you trust it, run: {line}" in " ".join(said.split())


@pytest.mark.parametrize("variable", ["GITLAB_HOST", "CI_SERVER_URL"])
def test_the_address_that_the_environment_names_gets_the_token(world: World, variable: str) -> None:
    code, said = run(world, "plan", str(world.profile), **{variable: world.gitlab.url})
    assert code == 0, said


def test_the_token_of_one_gitlab_is_not_for_another(world: World, stranger: Stranger) -> None:
    world.change(f"url: {world.gitlab.url}", f"url: {stranger.url}")
    code, said = run(world, "plan", str(world.profile), GITLAB_HOST=world.gitlab.url)
    assert code == 3
    assert stranger.seen == []
    assert f"GITLAB_HOST says {world.gitlab.url}" in said


def test_an_address_on_the_command_line_is_trusted_for_that_run_only(world: World) -> None:
    code, said = run(world, "plan", str(world.profile), "--trust", world.gitlab.url)
    assert code == 0, said
    assert run(world, "plan", str(world.profile))[0] == 3


def test_an_address_that_a_person_confirmed_is_remembered_outside_the_profile(world: World) -> None:
    said = answered(world, "y", "plan", str(world.profile))
    assert "Send it there, now and from now on?" in said
    (remembered,) = world.folder.rglob("confirmed-addresses.json")
    assert remembered.stat().st_mode & 0o777 == 0o600
    assert run(world, "plan", str(world.profile))[0] == 0


def test_a_person_is_asked_about_the_name_as_it_is_registered(world: World) -> None:
    world.change(f"url: {world.gitlab.url}", "url: https://g\u0456tlab.com")
    seen = answered(world, "n", "plan", str(world.profile))
    assert "the profile names https://xn--gtlab-" in seen
    assert "g\u0456tlab" not in seen.partition("[y/N]")[0]


def test_a_person_who_says_no_sends_nothing(world: World, stranger: Stranger) -> None:
    world.change(f"url: {world.gitlab.url}", f"url: {stranger.url}")
    answered(world, "n", "plan", str(world.profile))
    assert stranger.seen == []
    assert list(world.folder.rglob("confirmed-addresses.json")) == []


@pytest.mark.parametrize(
    ("settings", "variables", "what"),
    [
        ("backend: vault, vault: {{address: '{url}'}}", ["VAULT_TOKEN"], "VAULT_TOKEN"),
        ("backend: vault, vault: {{address: '{url}'}}", [], "~/.vault-token"),
        (
            "backend: infisical, infisical: {{host: '{url}', project: p}}",
            ["INFISICAL_CLIENT_ID", "INFISICAL_CLIENT_SECRET"],
            "INFISICAL_CLIENT_ID",
        ),
    ],
)
def test_a_backends_credentials_follow_the_same_rule(
    tmp_path: Path, stranger: Stranger, settings: str, variables: list[str], what: str
) -> None:
    secret = "unguessable-" + os.urandom(8).hex()
    (tmp_path / ".vault-token").write_text(secret)
    loaded = read(SMALLEST + f"secrets: {{{settings.format(url=stranger.url)}}}\n")
    environ = dict.fromkeys(variables, secret) | {"HOME": str(tmp_path)}
    runner = loaded.profile.runners[0]
    refusing = Wiring(loaded, environ=environ).backend(loaded.profile)
    with pytest.raises(RefusedError, match="was not sent") as refused:
        refusing.read(runner)
    assert refused.value.problem == f"{what} was not sent to {stranger.url}."
    assert f"--trust {stranger.url}" in refused.value.fix
    assert secret not in "".join(stranger.seen)
    trust = Trust(environ, named=[stranger.url.upper() + "/"])
    with pytest.raises(WizardError):  # it is no server of the kind, and it has been asked
        Wiring(loaded, environ=environ, trust=trust).backend(loaded.profile).read(runner)
    assert secret in "".join(stranger.seen)


@pytest.mark.parametrize("section", ["vault", "infisical"])
def test_a_backends_credential_does_not_travel_unencrypted(section: str) -> None:
    settings = {
        "vault": "{address: 'http://192.0.2.2:8200'}",
        "infisical": "{host: 'http://192.0.2.2:8200', project: p}",
    }[section]
    loaded = read(SMALLEST + f"secrets: {{backend: {section}, {section}: {settings}}}\n")
    wiring = Wiring(loaded, environ={}, ask=lambda _prompt: "a-secret")
    with pytest.raises(RefusedError, match="it is not encrypted") as refused:
        wiring.backend(loaded.profile).read(loaded.profile.runners[0])
    assert f"allow_http: true into secrets.{section}" in refused.value.fix


def test_a_token_does_not_travel_unencrypted(world: World) -> None:
    world.change(f"url: {world.gitlab.url}", "url: http://192.0.2.2:8080")
    code, said = run(world, "plan", str(world.profile), GITLAB_HOST="http://192.0.2.2:8080")
    assert code == 3
    assert "No credential was sent to http://192.0.2.2:8080: it is not encrypted." in said
    assert "allow_http: true into gitlab of the profile" in " ".join(said.split())


INSECURE = "http://192.0.2.2:8200"


def _read_token(wiring: Wiring, profile: Profile) -> object:
    return wiring.backend(profile).read(profile.runners[0])


@pytest.mark.parametrize(
    ("settings", "variables", "ask"),
    [
        (
            "gitlab: {url: URL, allow_http: true}",
            ["GITLAB_TOKEN", "GITLAB_HOST"],
            lambda wiring, _: wiring.gitlab().whoami(),
        ),
        (
            "secrets: {backend: vault, vault: {address: URL, allow_http: true}}",
            ["VAULT_TOKEN", "VAULT_ADDR"],
            _read_token,
        ),
        (
            "secrets: {backend: infisical, infisical: {host: URL, project: p, allow_http: true}}",
            ["INFISICAL_CLIENT_ID", "INFISICAL_CLIENT_SECRET", "INFISICAL_API_URL"],
            _read_token,
        ),
    ],
)
def test_where_plain_http_is_allowed_the_warning_comes_before_the_first_byte(
    stranger: Stranger,
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    variables: list[str],
    ask: Callable[[Wiring, Profile], object],
) -> None:
    """Another machine's address, which the stranger's proxy stands in for."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, stranger.url)
    loaded = read(SMALLEST + settings.replace("URL", f"'{INSECURE}'") + "\n")
    *secrets, address = variables
    said: list[tuple[str, int]] = []
    wiring = Wiring(
        loaded,
        environ=dict.fromkeys(secrets, "a-" + os.urandom(8).hex()) | {address: INSECURE},
        say=lambda text: said.append((text, len(stranger.seen))),
    )
    with pytest.raises(WizardError):
        ask(wiring, loaded.profile)
    warning, sent_before = said[0]
    assert warning.startswith(f"warning: {INSECURE} is not encrypted")
    assert sent_before == 0
    assert stranger.seen


def test_a_profiles_own_proxy_with_its_own_ca_has_to_be_trusted(
    world: World, stranger: Stranger
) -> None:
    """Both together read what TLS would hide; either of them without the other does not."""
    trustme.CA().cert_pem.write_to_path(world.folder / "ca.pem")
    proxy, authority = f"\n  proxy: {stranger.url}", "\n  ca_file: ca.pem"
    world.change(f"url: {world.gitlab.url}", f"url: https://gitlab.com{proxy}{authority}")
    code, said = run(world, "plan", str(world.profile))
    assert code == 3
    assert stranger.seen == []
    assert f"A GitLab token was not sent to {stranger.url}." in said
    run(world, "plan", str(world.profile), "--trust", stranger.url)
    assert len(stranger.seen) > 0
    for before, after, own in ((proxy, "", {"HTTPS_PROXY": stranger.url}), (authority, proxy, {})):
        world.change(before, after)
        _, said = run(world, "plan", str(world.profile), **own)
        assert "was not sent" not in said


def test_over_plain_http_a_profiles_own_proxy_has_to_be_trusted(
    world: World, stranger: Stranger
) -> None:
    gitlab = "http://192.0.2.2:8080"
    world.change(
        f"url: {world.gitlab.url}", f"url: {gitlab}\n  allow_http: true\n  proxy: {stranger.url}"
    )
    code, said = run(world, "plan", str(world.profile), GITLAB_HOST=gitlab)
    assert code == 3
    assert stranger.seen == []
    assert f"A GitLab token was not sent to {stranger.url}." in said
