import { describe, expect, it } from "vitest";
import { moveTo, placeOf, possible, step } from "@/pages/segments/moves";
import { fromRule, rootOf, toRule, type Node } from "@/pages/segments/rule";
import { useSteps } from "@/pages/segments/keeping";

const [A, B, C, D] = ["新客", "大促型", "签到达人", "沉睡"].map((segment) => ({ segment }));
const tree = () => rootOf({ all: [A, { any: [B, C] }, D] });
const copy = (node: Node) => fromRule(toRule(node));

describe("conditions that are moved", () => {
  it("stand before the one they were dropped on, in another group too", () => {
    const root = tree();
    const [a, group, d] = root.children;
    expect(moveTo(root, d.id, root, 0)).toBe(true);
    expect(toRule(root)).toEqual({ all: [D, A, { any: [B, C] }] });
    expect(moveTo(root, a.id, group, 1)).toBe(true);
    expect(toRule(root)).toEqual({ all: [D, { any: [B, A, C] }] });
  });

  it("never go into themselves, and a place beside oneself is no move", () => {
    const root = tree();
    const group = root.children[1];
    expect(moveTo(root, group.id, group, 0)).toBe(false);
    expect(moveTo(root, group.id, root, 1)).toBe(false);
    expect(moveTo(root, group.id, root, 2)).toBe(false);
    expect(toRule(root)).toEqual(toRule(tree()));
  });

  it("take groups with them that they leave empty, all the way up", () => {
    const root = rootOf({ all: [A, { any: [{ all: [B] }] }] });
    const b = root.children[1].children[0].children[0];
    expect(moveTo(root, b.id, root, 0)).toBe(true);
    expect(toRule(root)).toEqual({ all: [B, A] });
  });

  it("go step by step by keyboard, and back", () => {
    const root = tree();
    const d = root.children[2].id;
    expect(possible(root, d)).toEqual(["up", "in", "wrap", "copy"]);
    expect(step(root, d, "in", copy)).toBe(true);
    expect(toRule(root)).toEqual({ all: [A, { any: [B, C, D] }] });
    expect(step(root, d, "up", copy)).toBe(true);
    expect(step(root, d, "out", copy)).toBe(true);
    expect(toRule(root)).toEqual(toRule(tree()));
    expect(step(root, d, "down", copy)).toBe(false);
    expect(step(root, d, "wrap", copy)).toBe(true);
    expect(placeOf(root, d)?.parent.join).toBe("any");
    expect(step(root, root.children[0].id, "copy", copy)).toBe(true);
    expect(toRule(root)).toEqual({ all: [A, A, { any: [B, C] }, { any: [D] }] });
  });

  it("can be taken back and done again; a new change forgets what was taken back", () => {
    const steps = useSteps();
    for (const one of ["1", "2", "2", "3"]) steps.note(one);
    expect([steps.undo(), steps.undo(), steps.undo(), steps.canUndo.value]).toEqual(["2", "1", null, false]);
    expect(steps.redo()).toBe("2");
    steps.note("4");
    expect([steps.canRedo.value, steps.undo()]).toEqual([false, "2"]);
  });
});
