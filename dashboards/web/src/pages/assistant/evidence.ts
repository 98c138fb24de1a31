import type { Evidence } from "../../api";

/** What shows that a machine works, as the fields of a form hold it. */
export interface EvidenceForm {
  kind: "none" | "power-runs" | "counters" | "other";
  numbers: Record<Watts, number | null>;
  minRun: string;
  minPause: string;
  idleAfter: string;
  /** What the form does not ask for stays as it is. */
  more: Record<string, unknown>;
}

export const WATTS = ["off_below", "standby_below", "run_above", "run_below"] as const;
export type Watts = (typeof WATTS)[number];

const ASKED = new Set<string>(["type", ...WATTS, "min_run", "min_pause", "idle_after"]);

/** The form for what a file says. */
export function formOf(evidence: Evidence | null): EvidenceForm {
  const said: Record<string, unknown> = evidence ?? {};
  const kind = evidence?.type;
  const number = (key: string) => (typeof said[key] === "number" ? said[key] : null);
  const text = (key: string, usual: string) => (typeof said[key] === "string" ? said[key] : usual);
  return {
    kind: kind === undefined ? "none" : kind === "power-runs" || kind === "counters" ? kind : "other",
    numbers: {
      off_below: number("off_below"),
      standby_below: number("standby_below"),
      run_above: number("run_above"),
      run_below: number("run_below"),
    },
    minRun: text("min_run", "2s"),
    minPause: text("min_pause", "1s"),
    idleAfter: text("idle_after", "1min"),
    more: kind === "power-runs" || kind === "counters" ? without(said) : { ...said },
  };
}

/** What the file is to say; null for nothing. */
export function evidenceOf(form: EvidenceForm): Evidence | null {
  if (form.kind === "none") return null;
  if (form.kind === "other") return form.more as Evidence;
  if (form.kind === "counters") return { type: "counters", idle_after: form.idleAfter, ...form.more };
  const watts = Object.fromEntries(WATTS.map((key) => [key, form.numbers[key] ?? 0]));
  return { type: "power-runs", ...watts, min_run: form.minRun, min_pause: form.minPause, ...form.more };
}

function without(said: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(said).filter(([key]) => !ASKED.has(key)));
}
