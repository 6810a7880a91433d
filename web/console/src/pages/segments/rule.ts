/** A segment's tree: between the public JSON and the shape a person edits. Pure. */

import { clone } from "@/clone";

// The grammar is the server's; the console carries what it does not know.
export type Rule = Record<string, any>;

export interface Node {
  id: number;
  not: boolean;
  join: "all" | "any" | null;
  children: Node[];
  leaf: Rule | null;
}

let next = 1;

export const leafNode = (leaf: Rule): Node => ({ id: next++, not: false, join: null, children: [], leaf });
export const groupNode = (join: "all" | "any", children: Node[] = []): Node => ({ id: next++, not: false, join, children, leaf: null });

/** Read the public JSON; `not` becomes a mark on the node, twice is none. */
export function fromRule(rule: Rule): Node {
  if (isRule(rule.not)) {
    const inner = fromRule(rule.not);
    return { ...inner, not: !inner.not };
  }
  for (const join of ["all", "any"] as const) {
    const children = rule[join];
    if (Array.isArray(children)) return groupNode(join, children.filter(isRule).map(fromRule));
  }
  return leafNode(clone(rule));
}

export function toRule(node: Node): Rule {
  const plain: Rule = node.join ? { [node.join]: node.children.map(toRule) } : clone(node.leaf ?? {});
  return node.not ? { not: plain } : plain;
}

/** The editor always shows a group at the top. */
export function rootOf(rule: Rule): Node {
  const node = fromRule(rule);
  return node.join && !node.not ? node : groupNode("all", [node]);
}

/** The path of every node in the JSON that `toRule` gives, as the server writes it: `$.all[0].not`. */
export function pathsOf(root: Node): Map<number, string> {
  const found = new Map<number, string>();
  const walk = (node: Node, path: string) => {
    found.set(node.id, path);
    const inside = node.not ? `${path}.not` : path;
    node.children.forEach((child, index) => walk(child, `${inside}.${node.join}[${index}]`));
  };
  walk(root, "$");
  return found;
}

/** The node a path means, also when it leads to what a `not` wraps or into a leaf. */
export function nodeAt(root: Node, path: string): Node | null {
  let best: { node: Node; length: number } | null = null;
  const paths = pathsOf(root);
  const walk = (node: Node) => {
    const own = paths.get(node.id) ?? "$";
    if ((path === own || path.startsWith(`${own}.`) || own === "$") && (!best || own.length >= best.length)) best = { node, length: own.length };
    node.children.forEach(walk);
  };
  walk(root);
  return (best as { node: Node } | null)?.node ?? null;
}

/** Empty groups and half-made leaves: what keeps a rule from being counted. */
export function unfinished(node: Node): Node | null {
  if (node.join) return node.children.length ? (node.children.map(unfinished).find(Boolean) ?? null) : node;
  return leafDone(node.leaf ?? {}) ? null : node;
}

function leafDone(leaf: Rule): boolean {
  if ("attr" in leaf) return Boolean(leaf.attr && leaf.op) && compared(leaf);
  if ("did" in leaf) return countedDone(leaf) && (leaf.op === undefined || (isRule(leaf.value) && "of" in leaf.value ? filled(leaf.value.times ?? 1) && countedDone(leaf.value.of) : compared(leaf)));
  for (const word of ["segment", "list", "tag"]) if (word in leaf) return Boolean(leaf[word]);
  if ("sequence" in leaf) return leaf.sequence?.length > 1 && leaf.sequence.every((step: Rule) => countedDone(step?.not ?? step)) && windowDone(leaf.window);
  if ("rank" in leaf) return countedDone(leaf.rank) && (leaf.among === undefined || unfinished(fromRule(leaf.among)) === null);
  if ("bucket" in leaf) return Boolean(leaf.bucket?.salt);
  return Object.keys(leaf).length > 0;
}

const compared = (one: Rule): boolean => ["exists", "missing"].includes(String(one.op)) || filled(one.value);
const whereDone = (where: Rule[] | undefined): boolean => (where ?? []).every((one) => one.prop && one.op && compared(one));
const windowDone = (window: Rule | undefined): boolean => window === undefined || Object.values(window).some(filled);
/** Events with their conditions, their window, and the conditions of a share. */
function countedDone(counted: unknown): boolean {
  if (!isRule(counted)) return false;
  const share = isRule(counted.measure) ? counted.measure.share : undefined;
  return Boolean(counted.did) && whereDone(counted.where) && windowDone(counted.window) && (share === undefined || (share?.where?.length > 0 && whereDone(share.where)));
}
const filled = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 && value.every(filled) : value !== undefined && value !== null && value !== "");
const isRule = (value: unknown): value is Rule => typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a form can show a leaf: what was typed as text or JSON may be half a condition. */
export function readable(leaf: Rule): boolean {
  const counted = (one: unknown): boolean => isRule(one) && (one.where === undefined || (Array.isArray(one.where) && one.where.every(isRule))) && (one.window == null || isRule(one.window));
  if ("sequence" in leaf) return Array.isArray(leaf.sequence) && leaf.sequence.length > 1 && leaf.sequence.every((step) => isRule(step) && counted(step.not ?? step));
  if ("rank" in leaf) return counted(leaf.rank) && (leaf.among == null || isRule(leaf.among));
  if ("bucket" in leaf) return isRule(leaf.bucket);
  if ("did" in leaf) return counted(leaf) && (!isRule(leaf.value) || !("of" in leaf.value) || counted(leaf.value.of));
  return kindOf(leaf) !== "";
}

/** Which kind a leaf is, by its leading word. */
export function kindOf(leaf: Rule): string {
  return ["attr", "did", "segment", "sequence", "rank", "list", "tag", "bucket"].find((kind) => kind in leaf) ?? "";
}

export type Words = "text" | "number" | "money" | "points" | "date" | "instant" | "bool" | "list";

/** Operators that make sense for a type, and the one that is written if it is none of them. */
export function opsFor(type: string, written?: string): string[] {
  const liked = likedFor(type);
  return !written || liked.includes(written) ? liked : [...liked, written];
}

function likedFor(type: string): string[] {
  if (type === "bool") return ["eq", "exists", "missing"];
  if (type === "list") return ["in", "not_in", "exists", "missing"];
  if (type === "date" || type === "instant") return [">=", "<=", "between", "anniversary_within", "exists", "missing"];
  if (["number", "money", "points", "share"].includes(type)) return [">=", "<=", ">", "<", "eq", "ne", "between", "exists", "missing"];
  return ["in", "eq", "ne", "not_in", "contains", "starts_with", "exists", "missing"];
}

/** A value that fits a newly chosen operator, keeping what still fits. */
export function valueFor(op: string, type: string, before: unknown): unknown {
  if (op === "exists" || op === "missing") return undefined;
  if (op === "between") return Array.isArray(before) && before.length === 2 ? before : [Array.isArray(before) ? before[0] : before, undefined];
  if (op === "in" || op === "not_in") return Array.isArray(before) ? before : before === undefined || before === null ? [] : [before];
  if (op === "anniversary_within") return typeof before === "string" && /^\d+[dw]$/.test(before) ? before : "7d";
  const single = Array.isArray(before) ? before[0] : before;
  if (type === "bool") return typeof single === "boolean" ? single : true;
  return typeof single === "string" && /^\d+[dw]$/.test(single) ? undefined : single;
}
