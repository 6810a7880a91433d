/** The pages under 设置 this person may see. */
import { computed } from "vue";
import { t } from "@/app/locale";
import { may } from "@/app/session";

export const settingsTabs = computed(() => [
  { to: "/settings/merchant", label: t("settings.merchant") },
  { to: "/settings/stores", label: t("settings.stores") },
  ...(may("attributes.write") ? [{ to: "/settings/attributes", label: t("attributes.title") }] : []),
  ...(may("tiers.write") ? [{ to: "/settings/playbooks", label: t("playbooks.title") }] : []),
  ...(may("staff.write") ? [{ to: "/settings/staff", label: t("settings.staff") }] : []),
  ...(may("keys.write") ? [{ to: "/settings/keys", label: t("settings.keys") }, { to: "/settings/webhooks", label: t("webhooks.title") }] : []),
  ...(may("audit.read") ? [{ to: "/settings/audit", label: t("settings.audit") }, { to: "/settings/operations", label: t("operations.title") }] : []),
]);
