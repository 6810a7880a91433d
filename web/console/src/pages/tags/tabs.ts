/** The pages under 标签, for the head of each. */
import { computed } from "vue";
import { t } from "@/app/locale";

export const tagTabs = computed(() => [
  { to: "/tags", label: t("tags.manager"), exact: true },
  { to: "/tags/models", label: t("tags.models") },
  { to: "/tags/together", label: t("tags.together") },
  { to: "/tags/acts", label: t("tags.acts") },
]);
