import type { Machine, Run } from "./api";

/** Begin and end of a run in ms; where only its length in order time is told, from that. */
export function runSpan(run: Run, machine: Machine | null, now: number): [number, number] {
  const end = run.end ? Date.parse(run.end) : now;
  if (run.start) return [Date.parse(run.start), end];
  if (!run.seconds) return [end, end];
  return [end - (run.seconds * 1000) / (machine?.job?.lapse ?? 1), end];
}
