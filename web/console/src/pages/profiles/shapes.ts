/** What the routes of profiles answer, and how a feature's value reads. */
import { i18n, t } from "@/app/locale";
import { moneyShort, share } from "@/app/read";
import { storeName } from "@/app/session";
import type { Both as Said } from "@/api/shapes";
import type { Rule } from "@/pages/segments/rule";

export type Unit = "days" | "times" | "fen" | "share" | "number" | "points" | "hour" | "weekday" | "text";
export interface Feature {
  code: string;
  title: Said;
  means: Said;
  unit: Unit;
}
export interface Distribution {
  code: string;
  members: number;
  median: number | null;
  bars: { members: number; start: number | null; end: number | null; name: string | null }[];
}
export interface Judgement {
  members: number;
  error: number;
  baseline_error: number;
  predicted_total: number;
  actual_total: number;
  table: { members: number; predicted: number; actual: number }[];
  auc: number | null;
  baseline_auc: number | null;
}
export interface ModelCard {
  model: string;
  name: Said;
  state: "scoring" | "refused";
  members: number;
  first_day: string | null;
  until: string;
  holdout_days: number;
  parameters: Record<string, number>;
  log_likelihood: number | null;
  judgement: Judgement | null;
  unit: Said | null;
  baseline: Said | null;
  why: Said | null;
  fitted_at: string;
  drift: { at: string; error: number | null; baseline_error: number | null; auc?: number | null }[];
  more: { map?: number[][]; spent_fen?: number[][]; edges?: Record<string, number[]>; distributions?: Distribution[] };
}
/** A cell of a grid with who stands in it now, and the rule of a segment of them. */
export interface Cell {
  grid: "map" | "eleven" | "eight";
  code: string;
  members: number;
  name: Said;
  means: Said | null;
  rule: Rule;
}
export const cellPage = (grid: string, code: string) => ({ path: "/members", query: { cell: `${grid}:${code}` } });
export interface Profiles {
  cards: ModelCard[];
  cells: Cell[];
  features: Feature[];
}
export interface Stage {
  name: string;
  words: string[];
}
export interface StageFound {
  goods: string[];
  members: number | null;
}
export interface Stages {
  items: (Stage & StageFound)[];
  ready: Stage[];
}
export interface MemberProfile {
  as_of: string;
  scores: { model: string; scores: Record<string, number | string>; computed_at: string; reason: Said; cell: Said | null }[];
  features: { code: string; title: Said; unit: Unit; value: number | string }[];
}

const rounded = (value: number) => String(Math.round(value * 100) / 100);

/** A value that is a code, by its name. */
export function called(feature: string, value: string): string {
  if (feature === "channel" && i18n.global.te(`channel.${value}`)) return t(`channel.${value}`);
  return feature === "store" ? storeName(value) : value;
}

export function readFeature(unit: Unit, value: number | string | null, feature = ""): string {
  if (value === null) return "—";
  if (typeof value === "string") return called(feature, value);
  if (unit === "fen") return moneyShort(Math.round(value));
  if (unit === "share") return share(value, 0);
  if (unit === "weekday") return t(`segments.weekday.${Math.round(value)}`);
  return unit === "text" ? String(value) : t(`profiles.unit.${unit}`, { v: rounded(value) });
}
