/** One act of a person: busy while it runs, and the refusal shown where it belongs. */
import { computed, ref, shallowRef } from "vue";
import { ApiError, type Refusal } from "@/api";
import { locale } from "./locale";

export const refusalText = (refusal: Refusal): string => (locale.value === "en" ? refusal.message_en : refusal.message) || refusal.message;
export const refusalCure = (refusal: Refusal): string => (locale.value === "en" ? refusal.cure_en : refusal.cure) ?? refusal.cure ?? "";

/** Message and cure in one line, in the reader's language. */
export function refusalLine(refusal: Refusal): string {
  const cure = refusalCure(refusal);
  const text = refusalText(refusal);
  if (!cure) return text;
  return locale.value === "en" ? `${text.replace(/[.。]$/, "")}. ${cure}` : `${text.replace(/[。.]$/, "")}。${cure}`;
}

/** A refusal the server kept as data, such as the error of a segment. */
export const keptRefusalLine = (kept: Readonly<Record<string, unknown>> | null): string => (kept ? refusalLine(kept as unknown as Refusal) : "");

export function refusalOf(error: unknown): Refusal {
  if (error instanceof ApiError) return error.refusal;
  throw error;
}

export function useAttempt(knownFields: string[] = []) {
  const busy = ref(false);
  const refusal = shallowRef<Refusal | null>(null);
  const last = (field: string) => field.split(".").at(-1) ?? field;

  async function attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
    busy.value = true;
    refusal.value = null;
    try {
      return await act();
    } catch (error) {
      refusal.value = refusalOf(error);
      return undefined;
    } finally {
      busy.value = false;
    }
  }

  const fieldError = (name: string): string => {
    const found = refusal.value;
    return found?.field && (found.field === name || last(found.field) === name) ? refusalLine(found) : "";
  };
  const general = computed(() => {
    const found = refusal.value;
    if (!found) return null;
    return found.field && (knownFields.includes(found.field) || knownFields.includes(last(found.field))) ? null : found;
  });
  const clear = () => (refusal.value = null);
  return { busy, refusal, attempt, fieldError, general, clear };
}
