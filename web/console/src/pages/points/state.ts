/** The colour of a rule's or journey's state. */
export const ruleTone = (state: string): "jade" | "grey" | "blue" => (state === "published" || state === "live" ? "jade" : state === "draft" ? "blue" : "grey");
