"""A wait that is given up says what the operator says, and asks for nothing that is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.journeys.gitops_world import RELEASE, ROOT, GitOpsWorld
from tests.journeys.test_gitops import proven


def test_what_argocd_says_is_told_and_no_commit_is_asked_for(tmp_path: Path) -> None:
    with GitOpsWorld(tmp_path) as world:
        proven(world)
        application = world.cluster.find("Application", RELEASE, "argocd")
        assert application
        said = "Failed to load target state: argocd-apps: app path does not exist"
        application["status"] = {
            "sync": {"status": "Unknown", "revisions": [world.git("rev-parse", "HEAD")]},
            "health": {"status": "Healthy"},
            "conditions": [{"type": "ComparisonError", "message": said}],
        }
        world.cluster.put(application)
        profile = str(world.profile)
        ended = world.wizard("apply", profile, "--yes", "--json", "--timeout", "2")
        assert ended.code == 1, ended.out
        error = ended.document["error"]
        assert f"ComparisonError: {said}" in error["cause"]
        assert "Argo CD cannot read what it should sync." in error["cause"]
        assert "commit" not in error["fix"].lower()
        now = world.cluster.find("Application", RELEASE, "argocd")
        assert now
        assert now["metadata"]["annotations"]["argocd.argoproj.io/refresh"] == "normal"


def warned(world: GitOpsWorld) -> list[dict[str, Any]]:
    """What `plan` says of Argo CD."""
    ended = world.wizard("plan", str(world.profile), "--json")
    assert ended.code == 0, ended.err + ended.out
    checks = ended.document["data"]["checks"]
    return [one for one in checks if one["id"] == "cluster.argocd" and one["verdict"] != "ok"]


def test_a_folder_that_nothing_reads_is_told_before_the_commit(tmp_path: Path) -> None:
    with GitOpsWorld(tmp_path) as world:
        assert warned(world) == []
        world.cluster.remove(ROOT)
        (said,) = warned(world)
        assert said["problem"].startswith("Nothing in Argo CD reads the folder argocd-apps of ")
        assert "delivery.repository.apps_path" in said["fix"]


def test_what_the_project_does_not_permit_is_told_before_the_commit(tmp_path: Path) -> None:
    with GitOpsWorld(tmp_path) as world:
        project = world.cluster.find("AppProject", "default", "argocd")
        assert project
        project["spec"]["clusterResourceWhitelist"] = []
        world.cluster.put(project)
        (said,) = warned(world)
        assert "does not permit what the files hold" in said["problem"]
        assert "Namespace of the core group" in said["evidence"]


def test_an_application_of_that_name_that_is_not_ours_is_told(tmp_path: Path) -> None:
    with GitOpsWorld(tmp_path) as world:
        world.cluster.seed(ROOT | {"metadata": {"name": RELEASE, "namespace": "argocd"}})
        (said,) = warned(world)
        assert said["problem"].endswith("is there already, and is not this profile's.")


def test_a_folder_left_without_applications_keeps_a_placeholder(tmp_path: Path) -> None:
    with GitOpsWorld(tmp_path) as world:
        proven(world)
        destroy = ("destroy", str(world.profile), "--yes", "--json", "--timeout", "2")
        assert world.wizard(*destroy).code == 4
        (placeholder,) = (world.repository / "argocd-apps").iterdir()
        assert "kind: ConfigMap" in placeholder.read_text()
        world.commit()
        said = "Skipping sync attempt: auto-sync will wipe out all resources"
        root = world.cluster.find("Application", "root", "argocd")
        assert root
        root["status"] = {"conditions": [{"type": "SyncError", "message": said}]}
        world.cluster.put(root)
        ended = world.wizard(*destroy)
        assert ended.code == 4, ended.out
        assert f"Application argocd/root: SyncError: {said}" in ended.events[-1]["sentence"]
        world.sync(world.git("rev-parse", "HEAD"))
        ended = world.wizard(*destroy)
        assert ended.code == 0, ended.out
        (left,) = [one for one in ended.events if "placeholder" in one["sentence"]]
        assert "it kept the folder" in left["sentence"]


def test_applications_of_others_keep_the_folder_by_themselves(tmp_path: Path) -> None:
    with GitOpsWorld(tmp_path) as world:
        proven(world)
        other = world.repository / "argocd-apps/web.yaml"
        other.write_text("kind: Application\nmetadata: {name: web}\n")
        assert world.wizard("destroy", str(world.profile), "--yes", "--json").code == 4
        assert list((world.repository / "argocd-apps").iterdir()) == [other]


def test_a_pushed_removal_has_argo_cd_look_now_and_is_waited_for(tmp_path: Path) -> None:
    with GitOpsWorld(tmp_path) as world:
        proven(world)
        destroy = ("destroy", str(world.profile), "--yes", "--json", "--timeout", "2")
        assert world.wizard(*destroy).code == 4
        world.push()
        ended = world.wizard(*destroy)
        assert ended.code == 4, ended.out
        assert "waits for its prune" in ended.events[-1]["sentence"]
        root = world.cluster.find("Application", "root", "argocd")
        assert root
        assert root["metadata"]["annotations"]["argocd.argoproj.io/refresh"] == "normal"
