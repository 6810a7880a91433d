/** Undoing an act of tags from wherever it was done. */
import type { QueryClient } from "@tanstack/vue-query";
import { api } from "@/api";
import { refusalLine, refusalOf } from "@/app/attempt";
import { t } from "@/app/locale";
import { readNames } from "@/app/names";
import { toast } from "@/app/toast";
import type { TagDone } from "./shapes";

/** Everything that shows who wears what is read again. */
export const reread = async (queries: QueryClient) => {
  await readNames();
  await queries.invalidateQueries({ predicate: (query) => /^\/(tags|members)/.test(String(query.queryKey[0])) });
};

export async function undo(queries: QueryClient, act: number | null): Promise<void> {
  if (act === null) return;
  try {
    const done = await api.post<TagDone>(`/tags/acts/${act}/undo`);
    toast(t("tags.undone", { added: done.added, removed: done.removed }));
  } catch (error) {
    toast(refusalLine(refusalOf(error)), { tone: "bad" });
  }
  await reread(queries);
}
