/** The colour of each stage of the members' life, wherever it is drawn. */
export const stageTones: Record<string, string> = { new: "var(--stage-1)", growing: "var(--stage-2)", mature: "var(--stage-3)", at_risk: "var(--chart-3)", dormant: "var(--chart-6)", lost: "var(--line-strong)", none: "var(--line)" };
