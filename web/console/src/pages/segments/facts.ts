/** How the facts a rule may speak of are shown: their type on screen, and their values in words. */
import type { Fact, SegmentKinds } from "@/api/shapes";
import { t, i18n, say } from "@/app/locale";
import { session, storeName } from "@/app/session";
import type { Rule } from "./rule";

/** The server's types, and money where a name says fen. */
export function typeOf(fact: Fact | undefined): string {
  if (!fact) return "text";
  if (fact.name.endsWith("_fen")) return "money";
  return { day: "date", flag: "bool", ratio: "number" }[fact.type] ?? fact.type;
}

export interface Value {
  value: string | number;
  label: string;
  /** The fact whose value it is, where several have values of their own. */
  fact?: string;
}

const inWords = (key: string, fallback: string) => (i18n.global.te(key) ? t(key) : fallback);

/** An operator in words: numbers equal, dates come after. */
export function operatorName(op: string, type: string): string {
  const suffix = type === "date" || type === "instant" ? "t" : ["number", "money", "share"].includes(type) ? "n" : "";
  return inWords(`segments.op.${op}${suffix}`, inWords(`segments.op.${op}`, op));
}

/** A date picker that shows the time where one was written. */
export const dayOrTime = (written: unknown) =>
  String(written ?? "").length > 10
    ? ({ type: "datetime", valueFormat: "YYYY-MM-DDTHH:mm:ss", style: "width: 188px" } as const)
    : ({ type: "date", valueFormat: "YYYY-MM-DD", style: "width: 140px" } as const);

/** Values to choose from: the merchant's own, else what was seen. */
export function valuesOf(fact: Fact | undefined, tiers: Value[]): Value[] {
  if (!fact) return [];
  if (fact.name.startsWith("tier.level")) return tiers.filter((one) => one.fact === fact.name);
  if (fact.name === "weekday") return [1, 2, 3, 4, 5, 6, 7].map((day) => ({ value: day, label: t(`segments.weekday.${day}`) }));
  if (typeOf(fact) === "date") return [];
  if (fact.name === "store") return (session.value?.stores ?? []).map((one) => ({ value: one.code, label: storeName(one.code) }));
  const coded = Object.entries(fact.words ?? {});
  if (coded.length && fact.name !== "gender") return coded.map(([value, words]) => ({ value, label: say(words) }));
  return fact.samples.map((one) => ({ value: one, label: fact.name === "channel" ? inWords(`channel.${one}`, String(one)) : fact.name === "gender" ? inWords(`members.genders.${one}`, String(one)) : String(one) }));
}

/** What a freshly added condition starts with. */
export function startOf(code: string, kinds: SegmentKinds): Rule {
  if (code === "attr") return kinds.attributes.some((one) => one.name === "points.available") ? { attr: "points.available", op: ">=", value: 500 } : { attr: "" };
  if (code === "did") return { did: "order", window: { last: "30d" } };
  if (code === "segment") return { segment: "" };
  if (code === "bucket") return { bucket: { salt: "a", from: 0, to: 5000 } };
  if (code === "list" || code === "tag") return { [code]: "" };
  if (code === "rank") return { rank: { did: "order", window: { last: "90d" }, measure: { sum: "amount_fen" } }, top: "20%" };
  if (code === "sequence") return { sequence: [{ did: "add_to_cart" }, { not: { did: "order" }, within: "2h" }], window: { last: "7d" } };
  return { [code]: {} };
}
