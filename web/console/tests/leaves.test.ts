import { describe, expect, it } from "vitest";
import type { EventKind } from "@/api/shapes";
import { longer, measureOf, ofEvent, shorter, turned, whereOf, withEnd, withEvent, withWhere } from "@/pages/segments/leaves";
import { readable, unfinished, leafNode, groupNode, opsFor, type Rule } from "@/pages/segments/rule";

const fact = (name: string, type = "text") => ({ name, type, title: { zh: name, en: name }, samples: [] });
const order: EventKind = { name: "order", title: { zh: "下单", en: "Order" }, open: false, properties: [fact("store"), fact("channel"), fact("amount_fen", "number")] };
const view: EventKind = { name: "view", title: { zh: "浏览", en: "View" }, open: true, properties: [fact("channel"), fact("sku")] };
const jingan = { prop: "store", op: "eq", value: "sh-jingan" };
const mini = { prop: "channel", op: "eq", value: "mini" };

describe("a sequence", () => {
  const steps: Rule[] = [{ did: "view", where: [mini] }, { did: "add_to_cart", same: ["sku"], within: "1d" }, { not: { did: "order", where: [jingan] }, same: ["store"], within: "2h" }];

  it("keeps the conditions when what did not follow becomes what did, and back", () => {
    const positive = turned(steps, false);
    expect(positive[2]).toEqual({ did: "order", where: [jingan], same: ["store"], within: "2h" });
    expect(turned(positive, true)).toEqual(steps);
    expect(turned([{ did: "view" }, { did: "order" }], true)[1]).toEqual({ not: { did: "order" }, within: "2h" });
  });

  it("keeps what another event also has", () => {
    expect(withEvent({ did: "order", where: [jingan, mini], same: ["channel", "store"], within: "1d" }, "view", view)).toEqual({ did: "view", where: [mini], same: ["channel"], within: "1d" });
    expect(withEvent(steps[2], "view", view)).toEqual({ not: { did: "view" }, within: "2h" });
  });

  it("reads and writes the conditions of both kinds of steps", () => {
    expect(steps.map(whereOf)).toEqual([[mini], [], [jingan]]);
    expect(withWhere(steps[2], [mini])).toEqual({ not: { did: "order", where: [mini] }, same: ["store"], within: "2h" });
    expect(withWhere(steps[0], [])).toEqual({ did: "view" });
  });

  it("grows before what must not follow, and its first step follows nothing", () => {
    expect(longer(steps, "share").map((step) => step.did ?? step.not?.did)).toEqual(["view", "add_to_cart", "share", "order"]);
    expect(longer([{ did: "view" }, { did: "order" }], "share").at(-1)).toEqual({ did: "share" });
    expect(shorter(steps, 0)).toEqual([{ did: "add_to_cart" }, steps[2]]);
    expect(shorter(steps, 1)).toEqual([steps[0], steps[2]]);
  });
});

describe("a ranking", () => {
  const leaf = { rank: { did: "order", window: { last: "90d" }, measure: { sum: "amount_fen" }, where: [jingan] }, top: "20%", among: { segment: "vip" } };

  it("keeps by what and among whom when its end changes", () => {
    expect(withEnd(leaf, "bottom", 12.5, true)).toEqual({ rank: leaf.rank, among: leaf.among, bottom: "12.5%" });
    expect(withEnd(leaf, "top", 100.4, false)).toEqual({ rank: leaf.rank, among: leaf.among, top: 100 });
    expect(withEnd(leaf, "top", 400, true).top).toBe("100%");
  });

  it("keeps window, conditions and measure where another event has them", () => {
    expect(ofEvent(leaf.rank, "view", view)).toEqual({ did: "view", window: { last: "90d" }, measure: "count" });
    expect(ofEvent({ did: "view", where: [mini], measure: { distinct: "channel" } }, "order", order)).toEqual({ did: "order", where: [mini], measure: { distinct: "channel" } });
    expect(ofEvent({ did: "order", measure: { sum: "amount_fen" } }, "view", { ...view, properties: [fact("amount_fen")] }).measure).toBe("count");
  });

  it("is unfinished as long as those it ranks among are not described", () => {
    const open = (among: Rule) => unfinished(groupNode("all", [leafNode({ ...leaf, among })]));
    expect(open({ segment: "" })).not.toBeNull();
    expect(open({ all: [] })).not.toBeNull();
    expect(open({ all: [{ attr: "city", op: "in", value: [] }] })).not.toBeNull();
    expect(open({ segment: "vip" })).toBeNull();
  });
});

describe("what a form can show", () => {
  it("knows the word and the property of a measure", () => {
    expect([undefined, "days", { sum: "amount_fen" }, { share: { of: "count", where: [mini] } }, { share: { of: "amount_fen", where: [] } }].map(measureOf)).toEqual([
      ["count", undefined], ["days", undefined], ["sum", "amount_fen"], ["share", undefined], ["share", "amount_fen"],
    ]);
  });

  it("shows every whole condition, and no half one", () => {
    const whole: Rule[] = [
      { did: "order", measure: { share: { of: "count", where: [mini] } }, op: ">", value: 0.5 },
      { did: "order", measure: "count", op: ">", value: { times: 2, of: { did: "view", where: [mini] } } },
      { sequence: [{ did: "view" }, { not: { did: "order" } }], mode: "strict" },
      { rank: { did: "order" }, top: 10, among: { not: { segment: "vip" } } },
      { bucket: { salt: "a", from: 0, to: 5000 } },
    ];
    expect(whole.map(readable)).toEqual(whole.map(() => true));
    expect(whole.map((leaf) => unfinished(groupNode("all", [leafNode(leaf)])))).toEqual(whole.map(() => null));
    const half: Rule[] = [{ rank: 5 }, { sequence: ["view"] }, { sequence: [{ did: "view" }] }, { bucket: 3 }, { did: "order", where: "x" }, { did: "order", op: ">", value: { of: 3 } }, { foo: 1 }];
    expect(half.map(readable)).toEqual(half.map(() => false));
  });

  it("waits for open windows, conditions and shares", () => {
    const open = (leaf: Rule) => unfinished(groupNode("all", [leafNode(leaf)])) !== null;
    expect(open({ did: "order", window: {} })).toBe(true);
    expect(open({ did: "order", window: { from: "2026-01-01" } })).toBe(false);
    expect(open({ did: "order", measure: { share: { of: "count", where: [{}] } }, op: ">", value: 0.5 })).toBe(true);
    expect(open({ sequence: [{ did: "view" }, { not: { did: "order", where: [{ prop: "store" }] } }] })).toBe(true);
    expect(open({ did: "order", op: ">", value: { times: 2, of: { did: "" } } })).toBe(true);
  });

  it("offers the operator that is written, also an unusual one", () => {
    expect(opsFor("number", "in").at(-1)).toBe("in");
    expect(opsFor("number", ">=")).toEqual(opsFor("number"));
  });
});
