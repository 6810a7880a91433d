/** What the editor of a segment keeps: steps to take back, and a draft that outlives a closed window. */
import { computed, ref } from "vue";
import { session } from "@/app/session";

const MOST = 100;

/** Steps of something that can be written as text: `note` after each change, `undo` and `redo` answer what to show. */
export function useSteps() {
  const steps = ref<string[]>([]);
  const at = ref(-1);
  function note(now: string) {
    if (steps.value[at.value] === now) return;
    steps.value = [...steps.value.slice(Math.max(0, at.value + 2 - MOST), at.value + 1), now];
    at.value = steps.value.length - 1;
  }
  const go = (by: number): string | null => steps.value[at.value + by] === undefined ? null : steps.value[(at.value += by)];
  return { note, canUndo: computed(() => at.value > 0), canRedo: computed(() => at.value < steps.value.length - 1), undo: () => go(-1), redo: () => go(1) };
}

export interface Draft {
  name: string;
  description: string;
  rule: unknown;
  /** What was saved when the draft was begun: an older draft of something that changed since is not offered. */
  from: string;
}
const keyOf = (slug: string) => `shuke.segment.${session.value?.merchant.slug ?? ""}.${slug || "+"}`;

export function keepDraft(slug: string, draft: Draft | null): void {
  try {
    if (draft) localStorage.setItem(keyOf(slug), JSON.stringify(draft));
    else localStorage.removeItem(keyOf(slug));
  } catch {
    /* a private window may refuse storage: nothing is kept beyond it */
  }
}

export function keptDraft(slug: string, from: string): Draft | null {
  try {
    const found = JSON.parse(localStorage.getItem(keyOf(slug)) ?? "null") as Draft | null;
    return found && found.from === from && typeof found.rule === "object" && found.rule ? found : null;
  } catch {
    return null;
  }
}
