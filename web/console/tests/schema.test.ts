import { describe, expect, it } from "vitest";
import { defaultsOf, fieldsOf, type Schema } from "@/parts/form/schema";

const schema: Schema = {
  $ref: "#/$defs/Rate",
  $defs: {
    Rate: {
      type: "object",
      properties: {
        points: { type: "integer", default: 1, "x-zh": "积分" },
        minimum_fen: { anyOf: [{ type: "integer" }, { type: "null" }], default: null, "x-unit": "fen" },
        round: { $ref: "#/$defs/Round", default: "floor" },
        stores: { type: "array", items: { type: "string" }, "x-widget": "stores" },
        steps: { type: "array", items: { $ref: "#/$defs/Step" } },
        kind: { const: "rate" },
      },
      required: ["points"],
    },
    Round: { enum: ["floor", "ceil"] },
    Step: { type: "object", properties: { from: { type: "integer" } } },
  },
};

describe("forms from a schema", () => {
  it("follows references, drops null, and picks the control", () => {
    const fields = Object.fromEntries(fieldsOf(schema).map((field) => [field.name, [field.control, field.required, field.nullable]]));
    expect(fields).toEqual({
      points: ["number", true, false],
      minimum_fen: ["number", false, true],
      round: ["choice", false, false],
      stores: ["named", false, false],
      steps: ["rows", false, false],
    });
  });

  it("starts from the defaults", () => {
    expect(defaultsOf(schema)).toEqual({ points: 1, round: "floor", kind: "rate" });
  });
});
