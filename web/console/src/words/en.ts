import foresight from "./en/foresight";
import imports from "./en/imports";
import journeys from "./en/journeys";
import ledger from "./en/ledger";
import members from "./en/members";
import missions from "./en/missions";
import overview from "./en/overview";
import playbooks from "./en/playbooks";
import points from "./en/points";
import profiles from "./en/profiles";
import referrals from "./en/referrals";
import segments from "./en/segments";
import settings from "./en/settings";
import shell from "./en/shell";
import tags from "./en/tags";
import tiers from "./en/tiers";
import webhooks from "./en/webhooks";

export default { ...shell, ...overview, ...members, ...playbooks, ...points, ...foresight, ...profiles, ...segments, ...tags, ...tiers, ...journeys, ...ledger, ...missions, ...referrals, ...imports, ...settings, ...webhooks };
