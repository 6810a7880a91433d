/** The pages under 积分, for the head of each. */
import { computed } from "vue";
import { t } from "@/app/locale";

export const pointsTabs = computed(() => [
  { to: "/points/rules", label: t("points.rules") },
  { to: "/points/try", label: t("points.try.title") },
  { to: "/points/backtests", label: t("foresight.backtest") },
  { to: "/points/self-test", label: t("foresight.selfTest") },
  { to: "/points/tiers", label: t("points.tiers") },
  { to: "/points/offers", label: t("points.offers") },
  { to: "/points/ledger", label: t("points.ledger") },
  { to: "/points/approvals", label: t("ledger.approvals") },
  { to: "/points/holds", label: t("ledger.held.title") },
  { to: "/points/waiting", label: t("waiting.title") },
  { to: "/points/transfers", label: t("ledger.transfers") },
  { to: "/points/finance", label: t("ledger.finance") },
  { to: "/points/digests", label: t("digests.title") },
  { to: "/points/summary", label: t("points.summary") },
]);
