"""Every route of the merchant console, room by room: a list one can read aloud."""

from shuke.assets.offers import console as offers
from shuke.assets.points import console as points
from shuke.doors.screens import merchant
from shuke.ground.access import console as access
from shuke.ground.catalog import console as catalog
from shuke.ground.members import console as members
from shuke.ground.messaging import console as messaging
from shuke.outreach.journeys import console as journeys
from shuke.programs.earning import console as earning
from shuke.programs.intake import console as intake
from shuke.programs.tiers import console as tiers

PREFIX = "/console/api"

routes = [
    *access.routes,
    *merchant.routes,
    *members.routes,
    *catalog.routes,
    *points.routes,
    *offers.routes,
    *messaging.routes,
    *journeys.routes,
    *earning.routes,
    *tiers.routes,
    *intake.routes,
]
