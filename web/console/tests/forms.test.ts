import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp, h, nextTick, ref, type App } from "vue";
import { QueryClient, VueQueryPlugin } from "@tanstack/vue-query";
import type { SegmentKinds } from "@/api/shapes";
import { i18n } from "@/app/locale";
import LeafEditor from "@/pages/segments/LeafEditor.vue";
import type { Rule } from "@/pages/segments/rule";

const fact = (name: string, type = "text") => ({ name, type, title: { zh: `字段${name}`, en: name }, samples: [] });
const properties = [fact("store"), fact("channel"), fact("sku"), fact("amount_fen", "number")];
const kinds = {
  kinds: ["attr", "did", "segment", "sequence", "rank", "bucket"].map((code) => ({
    code,
    name: { zh: code, en: code },
    schema: { type: "object", properties: code === "did" ? { did: {}, where: {}, window: {}, measure: {}, op: {}, value: {} } : code === "attr" ? { attr: {}, args: {}, op: {}, value: {} } : { [code]: { type: "object" } } },
  })),
  attributes: [{ ...fact("city"), arguments: {} }, { ...fact("joined_at", "instant"), arguments: {} }, { ...fact("points.expiring", "number"), arguments: { within: "duration" } }],
  events: ["order", "view", "add_to_cart"].map((name) => ({ name, title: { zh: name, en: name }, open: false, properties })),
  ops_by_type: {},
  segments: [{ slug: "vip", name: "重要会员" }],
} as unknown as SegmentKinds;
const store = { prop: "store", op: "eq", value: "sh-jingan" };

const LEAVES: Record<string, Rule> = {
  "a sequence with conditions, the same and a mode": { sequence: [{ did: "view", where: [store] }, { did: "add_to_cart", same: ["sku"], where: [store], within: "90m" }, { not: { did: "order", where: [store] }, same: ["store"], within: "2h" }], mode: "strict", within: "2w", window: { between: ["8w", "36h"] } },
  "a ranking with conditions among conditions": { rank: { did: "order", where: [store], window: { last: "90d" }, measure: { sum: "amount_fen" } }, top: "12.5%", among: { any: [{ attr: "city", op: "in", value: ["上海"] }, { not: { did: "view" } }] } },
  "a ranking among a segment": { rank: { did: "order", measure: "count" }, bottom: 100, among: { segment: "vip" } },
  "a ranking among all but a segment": { rank: { did: "order", measure: "count" }, top: 3, among: { not: { segment: "vip" } } },
  "a share": { did: "order", measure: { share: { of: "amount_fen", where: [store] } }, op: ">", value: 0.57 },
  "another measure": { did: "order", window: { last: "30d" }, measure: "count", op: ">", value: { times: 0.25, of: { did: "view", where: [store], window: { last: "30d" }, measure: "count" } } },
  "a draw": { bucket: { salt: "国庆", from: 0, to: 1250 } },
  "a window of instants": { did: "order", window: { from: "2026-01-01T10:30:00", to: "2026-02-01" } },
  "an unusual operator": { attr: "joined_at", op: "in", value: ["2026-01-01", { ago: "30d" }] },
  "a length in weeks": { attr: "points.expiring", args: { within: "2w" }, op: ">", value: 0 },
};

vi.setConfig({ testTimeout: 30_000 }); // every control of the library is drawn
let app: App | undefined;
afterEach(() => app?.unmount());

function draw(leaf: Rule) {
  const now = ref<Rule>(leaf);
  const changes: Rule[] = [];
  const page = document.createElement("div");
  document.body.append(page);
  app = createApp({ render: () => h(LeafEditor, { modelValue: now.value, kinds, tiers: [], "onUpdate:modelValue": (next: Rule) => { changes.push(next); now.value = next; } }) });
  app.use(i18n).use(VueQueryPlugin, { queryClient: new QueryClient() }).mount(page);
  return { page, changes, now };
}

describe("the form of a condition", () => {
  for (const [name, leaf] of Object.entries(LEAVES)) {
    it(`shows ${name} without JSON and without changing it`, async () => {
      const { page, changes } = draw(structuredClone(leaf));
      await nextTick();
      expect(page.querySelector('[data-test="unreadable"]')).toBeNull();
      expect(page.querySelectorAll('[role="combobox"], input').length).toBeGreaterThan(1);
      expect(page.textContent).not.toMatch(/[{}[\]]|undefined|object/);
      expect(changes).toEqual([]);
    });
  }

  it("keeps everything else of a ranking when its conditions inside change", async () => {
    const { page, now } = draw(structuredClone(LEAVES["a ranking with conditions among conditions"]));
    await nextTick();
    page.querySelector<HTMLElement>('[data-test="among-rule"] [data-test="remove-condition"]')!.click();
    await nextTick();
    await nextTick();
    expect(now.value).toEqual({ ...LEAVES["a ranking with conditions among conditions"], among: { any: [{ not: { did: "view" } }] } });
  });

  it("keeps the conditions of a sequence when its last step turns", async () => {
    const leaf = LEAVES["a sequence with conditions, the same and a mode"];
    const { page, now } = draw(structuredClone(leaf));
    await nextTick();
    page.querySelector<HTMLElement>('[data-test="steps"] input[type="checkbox"]')!.click();
    await nextTick();
    expect(now.value).toEqual({ ...leaf, sequence: [...leaf.sequence.slice(0, 2), { did: "order", where: [store], same: ["store"], within: "2h" }] });
  });
});
