import { describe, expect, it } from "vitest";
import { rounded } from "../src/pages/segments/roughly";

describe("a sampled figure", () => {
  it("is said no finer than its margin, which is never made smaller", () => {
    expect(rounded(12_318, 812)).toEqual([12_300, 900]);
    expect(rounded(1_234_567, 14_001)).toEqual([1_230_000, 20_000]);
    expect(rounded(7, 4)).toEqual([7, 4]);
    expect(rounded(0, 46)).toEqual([0, 50]);
  });
});
