"""Every route of the merchant console, room by room: a list one can read aloud."""

from shuke.assets.accounts import console as accounts
from shuke.assets.approvals import console as approvals
from shuke.assets.audit import console as audit
from shuke.assets.confirmations import console as confirmations
from shuke.assets.digests import console as digests
from shuke.assets.finance import console as finance
from shuke.assets.holds import console as holds
from shuke.assets.lotteries import console as lotteries
from shuke.assets.offers import console as offers
from shuke.assets.rewards import console as rewards
from shuke.assets.transfers import console as transfers
from shuke.doors import live
from shuke.doors.screens import ledger, merchant, merges, operations, overview, search, tagging
from shuke.doors.screens import members as roster
from shuke.doors.screens import referrals as referral_files
from shuke.ground.access import console as access
from shuke.ground.catalog import console as catalog
from shuke.ground.members import console as members
from shuke.ground.messaging import console as messaging
from shuke.insight.lifecycle import console as lifecycle
from shuke.insight.outlook import console as outlook
from shuke.insight.profiles import console as profiles
from shuke.insight.segments import console as segments
from shuke.insight.tags import console as tags
from shuke.insight.upkeep import console as upkeep
from shuke.outreach.journeys import console as journeys
from shuke.outreach.notices import console as notices
from shuke.outreach.playbooks import console as playbooks
from shuke.outreach.webhooks import console as webhooks
from shuke.programs.earning import console as earning
from shuke.programs.foresight import open_api as foresight
from shuke.programs.imports import console as imports
from shuke.programs.intake import console as intake
from shuke.programs.missions import console as missions
from shuke.programs.referrals import console as referrals
from shuke.programs.tiers import console as tiers

PREFIX = "/console/api"

routes = [
    *access.routes,
    *overview.routes,
    *search.routes,
    *live.routes,
    *merchant.routes,
    *operations.routes,
    *roster.routes,
    *members.routes,
    *merges.routes,
    *catalog.routes,
    *accounts.routes,
    *rewards.routes,
    *lotteries.routes,
    *finance.routes,
    *holds.routes,
    *confirmations.routes,
    *audit.routes,
    *digests.routes,
    *transfers.routes,
    *ledger.routes,
    *approvals.routes,
    *offers.routes,
    *messaging.routes,
    *profiles.routes,
    *segments.routes,
    *outlook.routes,
    *upkeep.routes,
    *lifecycle.routes,
    *tags.routes,
    *tagging.routes,
    *journeys.routes,
    *playbooks.routes,
    *notices.routes,
    *webhooks.routes,
    *earning.routes,
    *foresight.on_console,
    *missions.routes,
    *referrals.routes,
    *referral_files.routes,
    *tiers.routes,
    *imports.routes,
    *intake.routes,
]
