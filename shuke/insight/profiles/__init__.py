"""What is known of members by what they did: features, marks, and models that state their accuracy."""

from shuke.insight.profiles.actions.fitting import PREDICTED_DAYS, Fitted, NoSuchModel, fit, told
from shuke.insight.profiles.actions.scoring import refit, refit_soon
from shuke.insight.profiles.events import ProfilesScored

__all__ = ["PREDICTED_DAYS", "Fitted", "NoSuchModel", "ProfilesScored", "fit", "refit", "refit_soon", "told"]
