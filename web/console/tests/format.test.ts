import { describe, expect, it } from "vitest";
import { change, count, day, fenOf, moment, money, moneyShort, relative, share, signed, stretch } from "@/format";

describe("figures", () => {
  it("writes money from fen", () => {
    expect(money(123450)).toBe("¥1,234.50");
    expect(money(5)).toBe("¥0.05");
    expect(money(-8800)).toBe("−¥88.00");
    expect(money(null)).toBe("—");
  });

  it("shortens with 万 and 亿 only where that is shorter", () => {
    expect(count(99_999, "zh")).toBe("99,999");
    expect(count(123_456, "zh")).toBe("12.3 万");
    expect(count(6_185_187, "zh")).toBe("619 万");
    expect(count(11_274_800, "zh")).toBe("1,127 万");
    expect(count(123_000_000, "zh")).toBe("1.23 亿");
    expect(count(6_185_187, "en")).toBe("6.19M");
    expect(moneyShort(86_543_210, "zh")).toBe("¥86.5 万");
    expect(moneyShort(712_300, "zh")).toBe("¥7,123");
    expect(moneyShort(0, "zh")).toBe("¥0");
  });

  it("shows signs and shares", () => {
    expect(signed(120)).toBe("+120");
    expect(signed(-500)).toBe("−500");
    expect(signed(0)).toBe("0");
    expect(share(0.164)).toBe("16.4%");
    expect(change(110, 100)).toBeCloseTo(0.1);
    expect(change(5, 0)).toBeNull();
  });

  it("reads yuan as a person types it", () => {
    expect(fenOf("1,234.5")).toBe(123450);
    expect(fenOf("¥ 88")).toBe(8800);
    expect(fenOf("1.234")).toBeNull();
    expect(fenOf("-1")).toBeNull();
  });
});

describe("time", () => {
  it("keeps the merchant's zone", () => {
    expect(moment("2026-11-20T16:30:00Z", "zh", "Asia/Shanghai")).toBe("2026-11-21 00:30");
    expect(day("2026-11-20T16:30:00Z", "en", "America/New_York")).toBe("2026-11-20");
    expect(day("2026-11-20", "zh", "Asia/Shanghai")).toBe("2026-11-20");
    expect(day(null, "zh", "Asia/Shanghai")).toBe("—");
  });

  it("says how long ago and how long still", () => {
    const now = Date.parse("2026-11-21T00:00:00Z");
    expect(relative("2026-11-20T23:57:00Z", "zh", now)).toBe("3 分钟前");
    expect(relative("2026-11-26T00:00:00Z", "en", now)).toBe("in 5 days");
    expect(relative("2026-11-20T23:59:50Z", "zh", now)).toBe("刚刚");
    expect(stretch(200, "zh")).toBe("3 分 20 秒");
    expect(stretch(9.6, "en")).toBe("10 s");
  });
});
