"""The steps, in their order."""

from wizard.tui.step import Step
from wizard.tui.steps.cluster import ClusterStep
from wizard.tui.steps.gitlab import GitLabStep
from wizard.tui.steps.runner import RunnerStep
from wizard.tui.steps.start import StartStep

STEPS: tuple[type[Step], ...] = (StartStep, ClusterStep, GitLabStep, RunnerStep)
