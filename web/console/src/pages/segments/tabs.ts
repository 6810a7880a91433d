/** The pages under 分群, for the head of each. */
import { computed } from "vue";
import { t } from "@/app/locale";

export const segmentsTabs = computed(() => [
  { to: "/segments", label: t("nav.segments"), exact: true },
  { to: "/segments/lifecycle", label: t("lifecycle.title") },
  { to: "/segments/profiles", label: t("profiles.title") },
]);
