"""What is known of members by what they did: features, marks, and models that state their accuracy."""

from shuke.insight.profiles.actions.fitting import PREDICTED_DAYS, Fitted, NoSuchModel, fit, told
from shuke.insight.profiles.actions.scoring import follow, refit, refit_soon
from shuke.insight.profiles.actions.stages import put_stage
from shuke.insight.profiles.events import ProfilesScored
from shuke.insight.profiles.policy.fitting import Words
from shuke.insight.profiles.policy.kinds import ReadyTag
from shuke.insight.profiles.queries.cells import Cell, NoSuchCell, cell
from shuke.insight.profiles.queries.standing import Followed, Standing, ready_tags, reasons, standing, whom

__all__ = [
    "PREDICTED_DAYS", "Cell", "Fitted", "Followed", "NoSuchCell", "NoSuchModel", "ProfilesScored", "ReadyTag", "Standing",
    "Words", "cell", "fit", "follow", "put_stage", "ready_tags", "reasons", "refit", "refit_soon", "standing", "told", "whom",
]  # fmt: skip
