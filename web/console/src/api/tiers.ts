/** What the console's routes of tiers answer. */
import type { KindShown, Reward } from "./missions";
import type { Both } from "./shapes";

export interface Terms {
  by: "amount" | "points" | "orders" | "visits";
  window: "rolling" | "year" | "lifetime";
  months: number;
  kept_for: string;
  grace_days: number;
  keep_percent: number;
  drop: "reached" | "one";
}
export interface Benefit {
  kind: string;
  params: Record<string, unknown> & { rewards?: Reward[] };
}
export interface Rung {
  level: number;
  name: string;
  name_en: string;
  threshold: number;
  multiplier: number;
  benefits: Benefit[];
  words: Both[];
  members: number;
}
export interface Ladder {
  ladder_id: number;
  version: number;
  name: string;
  name_en: string;
  terms: Terms;
  levels: Rung[];
  published_at: string;
  published_by: string;
}
export interface Ladders {
  items: Ladder[];
  benefits: KindShown[];
  rewards: KindShown[];
}
/** When: at_once, or at_the_end of the period of those members. */
export interface Move {
  when: string;
  from_level: number;
  from_name: string;
  to_level: number;
  to_name: string;
  members: number;
  examples: { member_id: number; name: string; worth: number }[];
}
export interface Preview {
  looked_at: number;
  moves: Move[];
}
export interface Standing {
  ladder_id: number;
  ladder: string;
  level: number;
  name: string;
  by: Terms["by"];
  since: string | null;
  keep_until: string | null;
  by_hand: boolean;
  worth: number;
  percent: number;
  next: { level: number; name: string; threshold: number; missing: number } | null;
  to_keep: number;
  benefits: Both[];
}
export interface MemberTiers {
  standings: Standing[];
  changes: { ladder: string; from_name: string; to_name: string; up: boolean; reason: string; at: string; note: string; by: string }[];
  gifts: { kind: string; state: string; words: Both[]; at: string }[];
}
/** A rung in the form: thresholds as typed, in yuan where money is counted. */
export interface Row {
  level: number;
  name: string;
  nameEn: string;
  threshold: string;
  multiplier: string;
  benefits: Benefit[];
  members: number | undefined;
}
