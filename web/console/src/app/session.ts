/** Who is signed in, what they may do, and the words and zone they read in. */
import { computed, shallowRef } from "vue";
import type { Session } from "@/api/shapes";
import { t } from "./locale";

const kept = "shuke.session";
const current = shallowRef<Session | null>(null);
const lostListeners: (() => void)[] = [];

export const session = computed(() => current.value);
export const signedIn = computed(() => current.value !== null);
export const zone = computed(() => current.value?.merchant.zone ?? "Asia/Shanghai");
/** A store by its code; one that nobody has named yet is said to be a store. */
export function storeName(code: string | null | undefined): string {
  const name = current.value?.stores.find((store) => store.code === code)?.name ?? code ?? "";
  return name && name === code ? t("word.storeOf", { code }) : name;
}

export function setSession(next: Session | null): void {
  current.value = next;
  try {
    if (next) localStorage.setItem(kept, "1");
    else localStorage.removeItem(kept);
  } catch {
    /* a private window may refuse storage: one more question at the next start */
  }
}

/** Whether it is worth asking who is signed in: not on the sign-in page of a browser that never was. */
export function maybeSignedIn(): boolean {
  try {
    return location.pathname !== "/login" || localStorage.getItem(kept) !== null;
  } catch {
    return true;
  }
}

export function csrfToken(): string {
  return current.value?.csrf_token ?? "";
}

export function may(permission: string): boolean {
  const held = current.value?.permissions ?? [];
  return held.includes("*") || held.includes(permission);
}

/** Called by the client on a 401; whoever shows the sign-in page listens. */
export function sessionLost(): void {
  if (!current.value) return;
  setSession(null);
  for (const listener of lostListeners) listener();
}

export function onSessionLost(listener: () => void): void {
  lostListeners.push(listener);
}
