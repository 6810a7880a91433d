/** The pages under 推荐, for the head of each, and what they share. */
import { computed } from "vue";
import { t } from "@/app/locale";
import { may } from "@/app/session";

export const referralTabs = computed(() => [
  { to: "/referrals/plan", label: t("referrals.plan") },
  { to: "/referrals/relations", label: t("referrals.relations") },
  ...(may("referrals.review") ? [{ to: "/referrals/reviews", label: t("referrals.reviews") }] : []),
  { to: "/referrals/leaderboard", label: t("referrals.board") },
]);
export const tone = (state: string) => (state === "rewarded" ? "jade" : state === "ordered" ? "blue" : state === "refused" || state === "taken_back" ? "red" : "grey");
/** A relation that waits for a person says so; void ones say why in their reason. */
export const stateOf = (one: { state: string; review: string }) => (one.review === "waiting" && ["waiting", "ordered"].includes(one.state) ? "in_review" : one.state);
