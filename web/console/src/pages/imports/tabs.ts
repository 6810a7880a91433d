/** The pages under 导入. */
import { computed } from "vue";
import { t } from "@/app/locale";

export const importTabs = computed(() => [
  { to: "/imports", label: t("imports.files"), exact: true },
  { to: "/imports/late", label: t("imports.late") },
]);
