"""The steps, in their order."""

from wizard.tui.step import Step
from wizard.tui.steps.apply import ApplyStep
from wizard.tui.steps.builds import BuildsStep
from wizard.tui.steps.cluster import ClusterStep
from wizard.tui.steps.delivery import DeliveryStep
from wizard.tui.steps.gitlab import GitLabStep
from wizard.tui.steps.proof import ProofStep
from wizard.tui.steps.resources import ResourcesStep
from wizard.tui.steps.review import ReviewStep
from wizard.tui.steps.runner import RunnerStep
from wizard.tui.steps.secrets import SecretsStep
from wizard.tui.steps.start import StartStep

STEPS: tuple[type[Step], ...] = (
    StartStep,
    ClusterStep,
    GitLabStep,
    RunnerStep,
    SecretsStep,
    ResourcesStep,
    BuildsStep,
    DeliveryStep,
    ReviewStep,
    ApplyStep,
    ProofStep,
)
