/** What one change in the form of a condition does to it: everything it does not touch stays. Pure. */
import type { EventKind } from "@/api/shapes";
import type { Rule } from "./rule";

export const tidy = (rule: Rule): Rule => Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined));

const OF_NUMBERS = ["sum", "avg", "min", "max", "share"];
export const numeric = (type: string) => ["number", "ratio"].includes(type);

/** The word of a measure, and the property it is of. */
export function measureOf(measure: unknown): [word: string, property: string | undefined] {
  if (typeof measure !== "object" || !measure) return [typeof measure === "string" ? measure : "count", undefined];
  const [word, of] = Object.entries(measure)[0] ?? ["count", undefined];
  return word === "share" ? [word, of?.of === "count" ? undefined : of?.of] : [word, of as string];
}

/** Another event, measured as before: conditions and the measure stay where the event has what they speak of. */
export function ofEvent(counted: Rule, name: string, event: EventKind | undefined): Rule {
  const [word, property] = measureOf(counted.measure);
  const found = event?.properties.find((one) => one.name === property);
  const fits = property === undefined || (found !== undefined && (!OF_NUMBERS.includes(word) || numeric(found.type)));
  return tidy({ ...counted, did: name, where: fitting(counted.where, event), measure: fits ? counted.measure : "count" });
}

/** The conditions that speak of what an event has; none at all where nothing is left. */
function fitting(where: Rule[] | undefined, event: EventKind | undefined): Rule[] | undefined {
  const left = (where ?? []).filter((one) => event?.properties.some((property) => property.name === one.prop));
  return left.length ? left : undefined;
}

// ---- sequences: a step is an event, or the last one something that did not follow

export const eventOf = (step: Rule): string => step.not?.did ?? step.did ?? "";
export const whereOf = (step: Rule): Rule[] => step.not?.where ?? step.where ?? [];

/** Other conditions on the events of a step. */
export function withWhere(step: Rule, where: Rule[]): Rule {
  const kept = where.length ? where : undefined;
  return step.not ? { ...step, not: tidy({ ...step.not, where: kept }) } : tidy({ ...step, where: kept });
}

/** Another event for a step; what it is equal in to the first step stays where the event has it. */
export function withEvent(step: Rule, name: string, event: EventKind | undefined): Rule {
  const where = fitting(whereOf(step), event);
  const same = ((step.same as string[] | undefined) ?? []).filter((prop) => event?.properties.some((one) => one.name === prop));
  const rest = tidy({ ...step, same: same.length ? same : undefined });
  return step.not ? { ...rest, not: tidy({ did: name, where }) } : tidy({ ...rest, did: name, where });
}

/** The last step as something that did not follow, or did. */
export function turned(steps: Rule[], negative: boolean): Rule[] {
  const last = steps[steps.length - 1];
  const where = whereOf(last).length ? whereOf(last) : undefined;
  const step = negative
    ? tidy({ not: tidy({ did: eventOf(last), where }), same: last.same, within: last.within ?? "2h" })
    : tidy({ did: eventOf(last), where, same: last.same, within: last.within });
  return [...steps.slice(0, -1), step];
}

/** One step more, before what must not follow. */
export function longer(steps: Rule[], name: string): Rule[] {
  const at = steps.at(-1)?.not ? steps.length - 1 : steps.length;
  return steps.toSpliced(at, 0, { did: name });
}

/** One step less; who is first now has no step before it. */
export function shorter(steps: Rule[], index: number): Rule[] {
  const [first, ...rest] = steps.toSpliced(index, 1);
  return [tidy({ ...first, within: undefined, same: undefined }), ...rest];
}

// ---- rankings

/** From which end and how many; by what and among whom stays. */
export function withEnd(leaf: Rule, end: "top" | "bottom", count: number, share: boolean): Rule {
  const { top: _top, bottom: _bottom, ...rest } = leaf;
  const parts = Math.round(Math.min(Math.max(count, 0.0001), 100) * 10_000) / 10_000;
  return { ...rest, [end]: share ? `${parts}%` : Math.max(1, Math.round(count)) };
}
