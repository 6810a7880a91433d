/** The pages under 积分, for the head of each. */
import { computed } from "vue";
import type { Tab } from "@/parts/PageHead.vue";
import { t } from "@/app/locale";

/** Fourteen pages in five groups: a row of tabs stays one row, the pages of a group stand below it. */
export const pointsTabs = computed<Tab[]>(() => [
  group("points.earning", [
    { to: "/points/rules", label: t("points.rules") },
    { to: "/points/try", label: t("points.try.title") },
    { to: "/points/backtests", label: t("foresight.backtest") },
    { to: "/points/self-test", label: t("foresight.selfTest") },
  ]),
  { to: "/points/tiers", label: t("points.tiers") },
  { to: "/points/offers", label: t("points.offers") },
  group("points.books", [
    { to: "/points/ledger", label: t("points.ledger") },
    { to: "/points/approvals", label: t("ledger.approvals") },
    { to: "/points/holds", label: t("ledger.held.title") },
    { to: "/points/waiting", label: t("waiting.title") },
    { to: "/points/transfers", label: t("ledger.transfers") },
  ]),
  group("points.reports", [
    { to: "/points/summary", label: t("points.summary") },
    { to: "/points/finance", label: t("ledger.finance") },
    { to: "/points/digests", label: t("digests.title") },
  ]),
]);
const group = (name: string, pages: { to: string; label: string }[]): Tab => ({ to: pages[0].to, label: t(name), pages });
