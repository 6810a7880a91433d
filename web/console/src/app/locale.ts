/** The reader's language: one switch for our words, Element Plus and the document. */
import { shallowRef, computed } from "vue";
import { createI18n } from "vue-i18n";
import type { Both } from "@/api/shapes";
import zh from "@/words/zh";

export type Locale = "zh" | "en";
type ElementWords = typeof import("element-plus/es/locale/lang/zh-cn").default;

const kept = "shuke.locale";

export const i18n = createI18n({
  legacy: false,
  locale: "zh",
  fallbackLocale: "zh",
  messages: { zh } as Record<string, typeof zh>,
  missingWarn: false,
  fallbackWarn: false,
});

export const elementWords = shallowRef<ElementWords>();
export const locale = computed(() => i18n.global.locale.value as Locale);
export const t = i18n.global.t;

export function rememberedLocale(): Locale {
  try {
    const found = localStorage.getItem(kept);
    if (found === "zh" || found === "en") return found;
  } catch {
    /* a private window may refuse storage; Chinese is the default */
  }
  return "zh";
}

export async function useLocale(next: Locale): Promise<void> {
  const [words, names, element] = await Promise.all([
    next === "en" ? import("@/words/en") : null,
    next === "en" ? import("@/words/ready") : null,
    next === "en" ? import("element-plus/es/locale/lang/en") : import("element-plus/es/locale/lang/zh-cn"),
  ]);
  if (words) i18n.global.setLocaleMessage("en", words.default as typeof zh);
  if (names) ready.value = names.default;
  elementWords.value = element.default as ElementWords;
  i18n.global.locale.value = next;
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  try {
    localStorage.setItem(kept, next);
  } catch {
    /* see above */
  }
}

/** What comes ready-made, in English: its names are kept in Chinese, and whoever renames it has named it for all. */
const ready = shallowRef<Record<string, string>>({});

/** What the merchant called its own tags in English; it goes before what comes ready-made. */
const own = shallowRef<Record<string, string>>({});
export const nameInEnglish = (names: Record<string, string>) => (own.value = names);
const known = computed(() => ({ ...ready.value, ...own.value }));

/** The reader's side of a sentence the server wrote in both languages; of a ready-made name, the English one too. */
export function say(both: Both | string | null | undefined): string {
  if (!both) return "";
  const text = typeof both === "string" ? both : (locale.value === "en" ? both.en : both.zh) || both.zh || both.en || "";
  return locale.value === "en" && chinese.test(text) ? known.value[text] ?? text.replace(knownNames.value, (name) => known.value[name] ?? name) : text;
}
const chinese = /[一-鿿]/;
/** Those names where a sentence speaks of them; the longest first, and never a part of another word. */
const knownNames = computed(() => {
  const names = Object.keys(known.value).sort((one, other) => other.length - one.length);
  const written = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  return new RegExp(`(?<![一-鿿])(?:${written})(?![一-鿿])`, "g");
});

const english = () => locale.value === "en";
/** Several things in one line, a remark behind a colon, and one in brackets, as the reader's language writes them. */
export const listed = (words: string[]) => words.join(english() ? ", " : "、");
export const behind = (remark: string) => (english() ? `: ${remark}` : `：${remark}`);
export const aside = (remark: string) => (english() ? ` (${remark})` : `（${remark}）`);
