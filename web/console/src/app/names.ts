/** The English names that the merchant gave its own tags, for who reads English. */
import { watch } from "vue";
import { api } from "@/api";
import { locale, nameInEnglish } from "./locale";
import { may, session } from "./session";

export async function readNames(): Promise<void> {
  if (locale.value !== "en" || !may("members.read")) return;
  try {
    nameInEnglish(await api.get<Record<string, string>>("/tags/english"));
  } catch {
    /* their own names do as well */
  }
}
watch([session, locale], () => void readNames(), { immediate: true });
