/** The pages under 触达. */
import { computed } from "vue";
import { t } from "@/app/locale";

export const journeyTabs = computed(() => [
  { to: "/journeys", label: t("journeys.list"), exact: true },
  { to: "/journeys/notices", label: t("journeys.notices.tab") },
  { to: "/journeys/messages", label: t("journeys.messages") },
]);
