import foresight from "./zh/foresight";
import imports from "./zh/imports";
import journeys from "./zh/journeys";
import ledger from "./zh/ledger";
import members from "./zh/members";
import missions from "./zh/missions";
import overview from "./zh/overview";
import playbooks from "./zh/playbooks";
import points from "./zh/points";
import profiles from "./zh/profiles";
import referrals from "./zh/referrals";
import segments from "./zh/segments";
import settings from "./zh/settings";
import shell from "./zh/shell";
import tags from "./zh/tags";
import tiers from "./zh/tiers";
import webhooks from "./zh/webhooks";

export default { ...shell, ...overview, ...members, ...playbooks, ...points, ...foresight, ...profiles, ...segments, ...tags, ...tiers, ...journeys, ...ledger, ...missions, ...referrals, ...imports, ...settings, ...webhooks };
