/** What the routes of tags answer. */
import type { Both } from "@/api/shapes";

export interface Followed {
  model: string;
  score: string;
  op: ">=" | "<=";
  value: number;
}
export interface ModelTag {
  ready: { code: string; name: Both; model: string; score: string; op: ">=" | "<="; value: number; unit: "share" | "times" | "lift"; group: Both | null; means: Both };
  tag: TagRow | null;
  silent: Both | null;
}
export interface Threshold {
  members: number;
  standing: { members: number; low: number; high: number; bars: number[] };
}
export interface TagRow {
  tag_id: number;
  slug: string;
  name: string;
  name_en: string;
  description: string;
  group: string | null;
  segment: string | null;
  follows: Followed | null;
  valid_for: string;
  state: "live" | "archived";
  size: number;
  used_at: string | null;
  created_at: string;
  created_by: string;
  rule: { segment: string; name: string; zh: string; en: string } | null;
  used_by: { kind: string; id: string; name: string }[];
}
export interface TagGroup {
  group_id: number;
  slug: string;
  name: string;
  name_en: string;
  exclusive: boolean;
}
export interface TagCatalog {
  items: TagRow[];
  groups: TagGroup[];
}
export interface Combination {
  name: string;
  tags: string[];
  size: number;
}
export interface Together {
  cells: { a: string; b: string; members: number }[];
  combinations: Combination[];
}
export interface TagAct {
  act_id: number;
  verb: string;
  verb_zh: string;
  verb_en: string;
  source: string;
  by: string;
  reason: string;
  added: number;
  removed: number;
  members: number;
  tags: string[];
  at: string;
  undoes: number | null;
  undone_by: number | null;
  undoable: boolean;
}
export interface Worn {
  slug: string;
  name: string;
  group: string | null;
  segment: string | null;
  follows: string | null;
  since: string;
  until: string | null;
  by: string;
  source: string;
  reason: string;
}
export interface WornChange {
  act_id: number;
  slug: string;
  name: string;
  change: "added" | "removed" | "replaced" | "expired" | "renewed";
  at: string;
  until: string | null;
  by: string;
  source: string;
  verb: string;
  reason: string;
}
export interface MemberTags {
  tags: Worn[];
  said: Record<string, Both>;
  history: WornChange[];
}
export interface TagDone {
  act_id: number | null;
  added: number;
  removed: number;
  renewed: number;
  members: number;
}
export interface TagImported {
  act_id: number | null;
  lines: number;
  counts: Record<string, number>;
  created: string[];
  verdicts: { row: number; value: string; tag: string; verdict: string; member_id?: number }[];
}
