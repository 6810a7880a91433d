/** Moving conditions about in the tree of a rule, by mouse and by keyboard alike. Each answers whether anything moved. */
import { ref } from "vue";
import { groupNode, type Node } from "./rule";

/** The node that is being dragged. */
export const dragged = ref<number | null>(null);

interface Place {
  parent: Node;
  index: number;
}

/** Where a node stands; the root stands nowhere. */
export function placeOf(root: Node, id: number): Place | null {
  for (const [index, child] of root.children.entries()) {
    if (child.id === id) return { parent: root, index };
    const found = placeOf(child, id);
    if (found) return found;
  }
  return null;
}

const holds = (node: Node, id: number): boolean => node.id === id || node.children.some((child) => holds(child, id));

/** Put a node into a group, before the child of that number; never into itself. Groups that it leaves empty go. */
export function moveTo(root: Node, id: number, group: Node, index: number): boolean {
  const from = placeOf(root, id);
  if (!from || !group.join) return false;
  const node = from.parent.children[from.index];
  if (holds(node, group.id)) return false;
  if (from.parent.id === group.id && (index === from.index || index === from.index + 1)) return false;
  from.parent.children.splice(from.index, 1);
  group.children.splice(from.parent.id === group.id && index > from.index ? index - 1 : index, 0, node);
  dropEmpty(root, from.parent);
  return true;
}

function dropEmpty(root: Node, group: Node): void {
  if (group.children.length || group.id === root.id) return;
  const place = placeOf(root, group.id);
  if (!place) return;
  place.parent.children.splice(place.index, 1);
  dropEmpty(root, place.parent);
}

export type Move = "up" | "down" | "out" | "in" | "wrap" | "copy";

/** One step: up, down, out of its group, into the group beside it, into a group of its own, or once more. */
export function step(root: Node, id: number, move: Move, copy: (node: Node) => Node): boolean {
  const place = placeOf(root, id);
  if (!place) return false;
  const { parent, index } = place;
  const node = parent.children[index];
  if (move === "up") return index > 0 && moveTo(root, id, parent, index - 1);
  if (move === "down") return index < parent.children.length - 1 && moveTo(root, id, parent, index + 2);
  if (move === "copy") parent.children.splice(index + 1, 0, copy(node));
  if (move === "wrap") parent.children.splice(index, 1, groupNode(parent.join === "all" ? "any" : "all", [node]));
  if (move === "copy" || move === "wrap") return true;
  if (move === "out") {
    const above = placeOf(root, parent.id);
    return above ? moveTo(root, id, above.parent, above.index + 1) : false;
  }
  const before = parent.children[index - 1];
  const after = parent.children[index + 1];
  if (before?.join) return moveTo(root, id, before, before.children.length);
  return after?.join ? moveTo(root, id, after, 0) : false;
}

/** Which steps lead somewhere. */
export function possible(root: Node, id: number): Move[] {
  const place = placeOf(root, id);
  if (!place) return [];
  const { parent, index } = place;
  const beside = [parent.children[index - 1], parent.children[index + 1]].some((one) => one?.join);
  const found: Move[] = [];
  if (index > 0) found.push("up");
  if (index < parent.children.length - 1) found.push("down");
  if (parent.id !== root.id) found.push("out");
  if (beside) found.push("in");
  return [...found, "wrap", "copy"];
}
