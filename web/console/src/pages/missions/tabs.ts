/** The pages under 任务, for the head of each. */
import { computed } from "vue";
import { t } from "@/app/locale";
import { may } from "@/app/session";

export const missionTabs = computed(() => [
  { to: "/missions/check-in", label: t("missions.checkIn") },
  { to: "/missions/list", label: t("missions.list") },
  { to: "/missions/lotteries", label: t("lotteries.title") },
  ...(may("missions.review") ? [{ to: "/missions/reviews", label: t("missions.reviews") }] : []),
]);
