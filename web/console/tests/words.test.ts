import { describe, expect, it } from "vitest";
import en from "@/words/en";
import zh from "@/words/zh";

function leaves(words: unknown, path = ""): [string, string][] {
  if (typeof words === "string") return [[path, words]];
  return Object.entries(words as object).flatMap(([key, value]) => leaves(value, path ? `${path}.${key}` : key));
}
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

describe("words", () => {
  const chinese = new Map(leaves(zh));
  const english = new Map(leaves(en));

  it("has the same keys in both languages", () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
  });

  it("fills the same places in both languages", () => {
    for (const [key, text] of chinese) expect([key, placeholders(english.get(key) ?? "")]).toEqual([key, placeholders(text)]);
  });

  it("knows every word the pages ask for", () => {
    const sources = import.meta.glob("../src/**/*.{vue,ts}", { query: "?raw", import: "default", eager: true }) as Record<string, string>;
    const asked = Object.values(sources).flatMap((source) => [...source.matchAll(/\bt\(\s*["']([\w.]+)["']/g)].map((found) => found[1]));
    expect(asked.length).toBeGreaterThan(200);
    expect([...new Set(asked)].filter((key) => !chinese.has(key))).toEqual([]);
  });

  it("uses Chinese punctuation in Chinese", () => {
    const sentences = [...chinese].filter(([key]) => !key.endsWith("Sample")); // a file's lines have a file's commas
    const wrong = sentences.filter(([, text]) => /[一-鿿」][,;?!]|[,;?!][一-鿿「]/.test(text));
    expect(wrong).toEqual([]);
  });

  it("sets figures off from Chinese by a space; a date is one word", () => {
    const names = "kind|name|from|into|by|ago|at|who|window|drop"; // places that hold words, not figures
    const tight = new RegExp(`[一-鿿](\\d|\\{(?!(?:${names})\\}))|(?<!\\{(?:${names}))\\}[一-鿿]|\\d(?![年月日])[一-鿿]`);
    expect([...chinese].filter(([, text]) => tight.test(text.replace(/(\d+[年月日])+/g, " ")))).toEqual([]);
  });

  it("leaves no Chinese in English but the names of languages", () => {
    const left = [...english].filter(([key, text]) => /[一-鿿]/.test(text) && !["nav.otherLanguage", "settings.zh"].includes(key));
    expect(left).toEqual([]);
  });
});
