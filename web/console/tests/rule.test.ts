import { describe, expect, it } from "vitest";
import { fromRule, groupNode, leafNode, nodeAt, pathsOf, rootOf, toRule, unfinished, valueFor } from "@/pages/segments/rule";

const rule = {
  all: [
    { not: { did: "order", window: { last: "30d" } } },
    { any: [{ attr: "city", op: "in", value: ["上海"] }, { segment: "dormant" }] },
    { attr: "points.available", op: ">=", value: 500 },
  ],
};

describe("the tree of a segment", () => {
  it("reads and writes the public JSON unchanged", () => {
    expect(toRule(rootOf(rule))).toEqual(rule);
    expect(toRule(fromRule({ sequence: [{ did: "view" }], within: "7d" }))).toEqual({ sequence: [{ did: "view" }], within: "7d" });
  });

  it("drops a double not and wraps a lone leaf in a group", () => {
    expect(toRule(fromRule({ not: { not: { segment: "a" } } }))).toEqual({ segment: "a" });
    expect(toRule(rootOf({ segment: "a" }))).toEqual({ all: [{ segment: "a" }] });
    expect(toRule(rootOf({ not: { all: [{ segment: "a" }] } }))).toEqual({ all: [{ not: { all: [{ segment: "a" }] } }] });
  });

  it("gives every node its path, and finds the node of one", () => {
    const root = rootOf(rule);
    expect([...pathsOf(root).values()]).toEqual(["$", "$.all[0]", "$.all[1]", "$.all[1].any[0]", "$.all[1].any[1]", "$.all[2]"]);
    expect(nodeAt(root, "$.all[0].not")?.leaf).toEqual({ did: "order", window: { last: "30d" } });
    expect(nodeAt(root, "$.all[1].any[0].value")?.leaf?.attr).toBe("city");
    expect(nodeAt(root, "$")).toBe(root);
  });

  it("knows what is not finished yet", () => {
    expect(unfinished(groupNode("all"))?.join).toBe("all");
    expect(unfinished(groupNode("all", [leafNode({ attr: "city", op: "in", value: [] })]))?.leaf?.attr).toBe("city");
    expect(unfinished(groupNode("all", [leafNode({ attr: "city", op: "exists" }), leafNode({ did: "order" })]))).toBeNull();
    expect(unfinished(groupNode("all", [leafNode({ did: "order", where: [{}] })]))).not.toBeNull();
  });

  it("keeps a value when the operator changes and it still fits", () => {
    expect(valueFor("in", "text", "上海")).toEqual(["上海"]);
    expect(valueFor("eq", "text", ["上海", "杭州"])).toBe("上海");
    expect(valueFor("between", "number", 5)).toEqual([5, undefined]);
    expect(valueFor("exists", "text", "x")).toBeUndefined();
    expect(valueFor("anniversary_within", "date", undefined)).toBe("7d");
  });
});
