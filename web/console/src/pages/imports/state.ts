/** The colour of an import's state. */
type Tone = "blue" | "jade" | "red" | "grey";
const tones: Record<string, Tone> = { mapping: "blue", running: "blue", done: "jade", failed: "red" };
export const importTone = (state: string): Tone => tones[state] ?? "grey";
