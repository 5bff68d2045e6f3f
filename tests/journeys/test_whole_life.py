"""A runner's whole life: set up, left alone, given a new token, changed, and taken away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.journeys.gitops_world import GitOpsWorld, PlayedGitOps
from tests.journeys.test_gitops import stored
from tests.journeys.test_plain_files import PlainWorld
from tests.wizard_process import Ended


def run(world: PlayedGitOps, verb: str, code: int) -> Ended:
    options = () if verb == "pause" else ("--yes",)
    ended = world.wizard(verb, str(world.profile), "--json", *options)
    assert ended.code == code, ended.err + ended.out
    return ended


def lives(world: PlayedGitOps, brings: Callable[[], None], removes: Callable[[], None]) -> None:
    """From nothing to nothing; in between the one runner always has the token that is used.

    Args:
        brings: what is in the files is in the cluster.
        removes: what is no longer in them is gone from it.
    """
    run(world, "apply", 4)
    brings()
    assert run(world, "apply", 0).events[-1]["event"] == "Proven"
    assert run(world, "apply", 0).document["data"]["changed"] is False

    (runner,) = world.gitlab.runners
    old = world.secret_token
    assert run(world, "rotate", 0).events[-1]["event"] == "Proven"
    assert world.live_tokens == [world.secret_token] != [old]
    assert len(runner.managers) == 1
    assert run(world, "apply", 0).document["data"]["changed"] is False

    run(world, "pause", 0)
    assert runner.paused
    run(world, "unpause", 0)
    assert run(world, "apply", 0).document["data"]["changed"] is False

    run(world, "destroy", 4)
    removes()
    run(world, "destroy", 0)
    assert world.gitlab.runners == []


def test_through_argo_cd_and_a_store(tmp_path: Path) -> None:
    with GitOpsWorld(tmp_path) as world:

        def brings() -> None:
            world.sync(world.commit())
            world.refresh()
            world.start_managers()
            world.cluster.controllers.changed = lambda _: world.refresh()

        lives(world, brings, lambda: world.sync(world.commit()))
        assert stored(world) == []


class _HelmWorld(PlainWorld):
    def refresh(self) -> None:
        """The wizard itself writes the Secret: there is no operator."""


def test_through_helm_and_a_plain_secret(tmp_path: Path) -> None:
    with _HelmWorld(tmp_path) as world:
        world.prepare()
        world.change("as: manifests", "as: helm")

        def removes() -> None:
            for kind in ("Deployment", "ServiceAccount", "Role", "RoleBinding"):
                for body in world.cluster.objects(kind):
                    world.cluster.remove(body)

        lives(world, world.install, removes)
        assert world.cluster.objects("Secret") == []
