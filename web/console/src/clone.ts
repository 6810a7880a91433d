/** A deep copy of plain JSON; also reads what a framework has wrapped, which structuredClone refuses. */
export const clone = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));
