/** Figures, money, dates and shares as a shop owner reads them. Pure: language and zone come in. */
export type Lang = "zh" | "en";

const grouped = new Intl.NumberFormat("en-US");
const none = "—";

export const plain = (value: number | null | undefined): string => (value == null ? none : grouped.format(value));

function trim(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

function scaled(value: number, lang: Lang): string | null {
  const size = Math.abs(value);
  if (lang === "zh") {
    if (size >= 1e8) return `${trim(value / 1e8, 2)} 亿`;
    if (size >= 1e5) return `${size >= 1e7 ? grouped.format(Math.round(value / 1e4)) : trim(value / 1e4, size >= 1e6 ? 0 : 1)} 万`;
  } else {
    if (size >= 1e9) return `${trim(value / 1e9, 2)}B`;
    if (size >= 1e6) return `${trim(value / 1e6, 2)}M`;
    if (size >= 1e5) return `${trim(value / 1e3, 0)}K`;
  }
  return null;
}

/** A count, shortened with 万 and 亿 (K, M, B) where that is shorter. */
export function count(value: number | null | undefined, lang: Lang): string {
  if (value == null) return none;
  return scaled(value, lang) ?? grouped.format(value);
}

/** Exact money: ¥1,234.50 from fen. */
export function money(fen: number | null | undefined): string {
  if (fen == null) return none;
  const size = Math.abs(fen);
  const yuan = grouped.format(Math.floor(size / 100));
  return `${fen < 0 ? "−" : ""}¥${yuan}.${String(size % 100).padStart(2, "0")}`;
}

/** Money at a glance: ¥12.3 万; below a hundred thousand it stays exact to the yuan. */
export function moneyShort(fen: number | null | undefined, lang: Lang): string {
  if (fen == null) return none;
  if (fen === 0) return "¥0";
  const yuan = fen / 100;
  const short = scaled(yuan, lang);
  if (short) return yuan < 0 ? `−¥${short.replace("-", "")}` : `¥${short}`;
  return Math.abs(yuan) >= 1000 ? money(Math.round(yuan) * 100).replace(/\.00$/, "") : money(fen);
}

/** Points with their sign: +120, −500. */
export function signed(points: number | null | undefined): string {
  if (points == null) return none;
  if (points === 0) return "0";
  return `${points > 0 ? "+" : "−"}${grouped.format(Math.abs(points))}`;
}

export function share(value: number | null | undefined, digits = 1): string {
  return value == null || !Number.isFinite(value) ? none : `${trim(value * 100, digits)}%`;
}

/** Change against the period before, as a ratio; null when there was nothing before. */
export function change(now: number, before: number): number | null {
  return before === 0 ? null : (now - before) / Math.abs(before);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(lang: Lang, zone: string, style: "date" | "time" | "short"): Intl.DateTimeFormat {
  const key = `${lang}|${zone}|${style}`;
  let made = formats.get(key);
  if (!made) {
    const day = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
    const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
    const shape = style === "date" ? day : style === "time" ? { ...day, ...time } : ({ month: "2-digit", day: "2-digit", ...time } as const);
    made = new Intl.DateTimeFormat("en-CA", { ...shape, timeZone: zone });
    formats.set(key, made);
  }
  return made;
}

function parts(instant: string, lang: Lang, zone: string, style: "date" | "time" | "short"): Record<string, string> | null {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return null;
  return Object.fromEntries(format(lang, zone, style).formatToParts(at).map((part) => [part.type, part.value]));
}

/** A day in the merchant's zone: 2026-11-21. Plain dates pass through. */
export function day(instant: string | null | undefined, lang: Lang, zone: string): string {
  if (!instant) return none;
  if (/^\d{4}-\d{2}-\d{2}$/.test(instant)) return instant;
  const found = parts(instant, lang, zone, "date");
  return found ? `${found.year}-${found.month}-${found.day}` : none;
}

/** A moment in the merchant's zone: 2026-11-21 10:05. */
export function moment(instant: string | null | undefined, lang: Lang, zone: string): string {
  if (!instant) return none;
  const found = parts(instant, lang, zone, "time");
  return found ? `${found.year}-${found.month}-${found.day} ${found.hour}:${found.minute}` : none;
}

/** How long ago, or how soon: 3 分钟前, in 5 days. */
export function relative(instant: string | null | undefined, lang: Lang, now: number): string {
  if (!instant) return none;
  const seconds = Math.round((new Date(instant).getTime() - now) / 1000);
  if (Number.isNaN(seconds)) return none;
  const size = Math.abs(seconds);
  if (size < 45) return lang === "zh" ? "刚刚" : "just now";
  const steps: [number, string, string][] = [
    [60, "分钟", "minute"],
    [3600, "小时", "hour"],
    [86400, "天", "day"],
    [2592000, "个月", "month"],
    [31536000, "年", "year"],
  ];
  const [unit, zh, en] = steps.filter(([from]) => size >= from * 0.95).at(-1) ?? steps[0];
  const figure = Math.max(1, Math.round(size / unit));
  if (lang === "zh") return seconds > 0 ? `${figure} ${zh}后` : `${figure} ${zh}前`;
  const noun = figure === 1 ? en : `${en}s`;
  return seconds > 0 ? `in ${figure} ${noun}` : `${figure} ${noun} ago`;
}

/** A stretch of time left: 3 分 20 秒, 45 s. */
export function stretch(seconds: number | null | undefined, lang: Lang): string {
  if (seconds == null || !Number.isFinite(seconds)) return none;
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (lang === "zh") return hours ? `${hours} 小时 ${minutes} 分` : minutes ? `${minutes} 分 ${rest} 秒` : `${rest} 秒`;
  return hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min ${rest} s` : `${rest} s`;
}

/** Yuan as typed by a person, to fen; null when it is not money. */
export function fenOf(text: string): number | null {
  const clean = text.replace(/[,，\s¥￥]/g, "");
  if (!/^\d+(\.\d{0,2})?$/.test(clean)) return null;
  const [yuan, cents = ""] = clean.split(".");
  return Number(yuan) * 100 + Number(cents.padEnd(2, "0"));
}
