/** Milliseconds, stretched by how many wait for each CPU now: what waits for a CPU is late, not wrong. */
export function patience(limit__ms: number): number;
