/** Short notes at the foot of the page, with undo where an act can be taken back. */
import { reactive } from "vue";

export interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad";
  undo?: () => void | Promise<void>;
}

export const toasts = reactive<Toast[]>([]);
let next = 1;

export function toast(text: string, options: { undo?: Toast["undo"]; tone?: Toast["tone"] } = {}): void {
  const made: Toast = { id: next++, text, tone: options.tone ?? "good", undo: options.undo };
  toasts.push(made);
  setTimeout(() => dismiss(made.id), options.undo ? 10_000 : 4_500);
}

export function dismiss(id: number): void {
  const at = toasts.findIndex((one) => one.id === id);
  if (at >= 0) toasts.splice(at, 1);
}
