/** A kind's JSON Schema, resolved into the plain fields a form can draw. */

import { clone } from "@/clone";

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  format?: string;
  additionalProperties?: boolean | Schema;
  "x-zh"?: string;
  "x-en"?: string;
  "x-help-zh"?: string;
  "x-help-en"?: string;
  "x-unit"?: string;
  "x-when"?: Record<string, unknown[]>;
  "x-widget"?: string;
  "x-labels"?: Record<string, { zh: string; en: string }>;
  [key: string]: unknown;
}

export type Control = "text" | "textarea" | "number" | "switch" | "choice" | "choices" | "words" | "date" | "group" | "rows" | "json" | "named";

export interface FormField {
  name: string;
  schema: Schema;
  control: Control;
  required: boolean;
  nullable: boolean;
  options: unknown[];
}

/** Follow references and drop the null branch; keeps the outer labels. */
export function resolve(schema: Schema, root: Schema): { schema: Schema; nullable: boolean } {
  let found = schema;
  let nullable = false;
  for (let depth = 0; depth < 8; depth++) {
    if (found.$ref) {
      const name = found.$ref.split("/").at(-1) ?? "";
      const { $ref: _, ...labels } = found;
      found = { ...root.$defs?.[name], ...labels };
      continue;
    }
    const branches = found.anyOf ?? found.oneOf;
    const real = branches?.filter((one) => one.type !== "null");
    if (branches && real) {
      if (real.length < branches.length) nullable = true;
      if (real.length !== 1) break;
      const { anyOf: _a, oneOf: _o, ...labels } = found;
      found = { ...real[0], ...labels };
      continue;
    }
    break;
  }
  if (Array.isArray(found.type)) {
    nullable = nullable || found.type.includes("null");
    const real = found.type.filter((one) => one !== "null");
    found = { ...found, type: real.length === 1 ? real[0] : undefined };
  }
  return { schema: found, nullable };
}

export function fieldsOf(root: Schema): FormField[] {
  const top = resolve(root, root).schema;
  return Object.entries(top.properties ?? {})
    .filter(([, schema]) => schema.const === undefined && schema["x-widget"] !== "hidden")
    .map(([name, raw]) => {
      const resolved = resolve(raw, root);
      const [schema, nullable] = [{ ...resolved.schema }, resolved.nullable];
      if (!schema["x-widget"] && (schema["x-unit"] === "duration" || (lists.includes(name) && schema.type === "array"))) schema["x-widget"] = schema["x-unit"] === "duration" ? "duration" : name;
      return { name, schema, nullable, control: controlOf(schema), required: (top.required ?? []).includes(name), options: optionsOf(schema, root) };
    });
}

function optionsOf(schema: Schema, root: Schema): unknown[] {
  if (schema.enum) return schema.enum;
  const items = schema.items ? resolve(schema.items, root).schema : undefined;
  return items?.enum ?? [];
}

const named = ["event", "segment", "store", "stores", "channels", "tier", "offer", "duration"];
/** Lists a merchant has anyway, where a schema only says "texts". */
const lists = ["stores", "channels"];

function controlOf(schema: Schema): Control {
  const widget = schema["x-widget"];
  if (widget === "textarea") return "textarea";
  if (widget && named.includes(widget)) return "named";
  if (schema.enum) return "choice";
  if (schema.type === "boolean") return "switch";
  if (schema.type === "integer" || schema.type === "number") return "number";
  if (schema.type === "string") return schema.format === "date" ? "date" : "text";
  if (schema.type === "object" && schema.properties) return "group";
  if (schema.type === "array") {
    if (schema.items?.enum) return "choices";
    if (schema.items?.type === "string") return "words";
    if (schema.items?.$ref || schema.items?.type === "object") return "rows";
  }
  return "json";
}

/** What a fresh form starts with. */
export function defaultsOf(root: Schema): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  const top = resolve(root, root).schema;
  for (const [name, raw] of Object.entries(top.properties ?? {})) {
    const { schema } = resolve(raw, root);
    const given = raw.default ?? schema.default;
    if (schema.const !== undefined) made[name] = schema.const;
    else if (given !== undefined && given !== null) made[name] = clone(given);
    else if ((top.required ?? []).includes(name) && schema.type === "object" && schema.properties) made[name] = defaultsOf({ ...schema, $defs: root.$defs });
  }
  return made;
}
