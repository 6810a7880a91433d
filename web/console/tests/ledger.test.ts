import { describe, expect, it } from "vitest";
import { fenTyped, limitOf } from "@/pages/points/ledger";

describe("money as it is typed", () => {
  it("is yuan with up to two decimals, above zero", () => {
    expect(["88.5", " 12 ", "0.01", "¥100,000", "0.1"].map(fenTyped)).toEqual([8_850, 1_200, 1, 10_000_000, 10]);
    expect(["", "0", "0.00", "12.345", "-5", "1e3", "100000.01"].map(fenTyped)).toEqual(Array(7).fill(null));
  });
  it("is not mixed up with a limit, which may be none", () => {
    expect(["", "0", "300", "-1"].map(limitOf)).toEqual([null, 0, 300, undefined]);
  });
});
