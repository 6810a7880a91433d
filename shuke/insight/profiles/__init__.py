"""What is known of members by what they did: features, marks, and models that state their accuracy."""

from shuke.insight.profiles.actions.fitting import PREDICTED_DAYS, Fitted, NoSuchModel, fit, told

__all__ = ["PREDICTED_DAYS", "Fitted", "NoSuchModel", "fit", "told"]
