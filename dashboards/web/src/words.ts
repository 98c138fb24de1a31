import type { Job, LampKind, Machine, Order, Origin, Text, WorkPackage } from "./api";
import type { Catalogue } from "./texts/index.svelte";

/** The lamp of a machine: its shape tells the state. */
export function machineLamp(machine: Machine): LampKind {
  if (!machine.state.known) return "hatched";
  if (machine.state.state === 1) return "red";
  if (machine.state.state === 3) return machine.job?.degraded ? "yellow" : "green";
  return "grey";
}

/** The word beside a machine's lamp. */
export function machineWord(machine: Machine, t: Catalogue): string {
  if (!machine.state.known || machine.state.state === null) return t.machineState.unknown;
  const words = [
    t.machineState.off,
    t.machineState.fault,
    t.machineState.idle,
    t.machineState.running,
  ] as const;
  const word = words[machine.state.state];
  return machine.job?.degraded && machine.state.state === 3 ? t.job.degraded : word;
}

/** The word for the state of a job or a package; interruptions say whose cause it is. */
export function workWord(
  state: string | null | undefined,
  substate: string | null | undefined,
  t: Catalogue,
): string {
  const words: Record<string, string> = t.workState;
  if (state === "interrupted" && substate && words[substate]) return words[substate];
  return (state && words[state]) || t.unknown;
}

/** The lamp of a job inside its own firm. */
export function jobLamp(job: Job): LampKind {
  if (job.state === "ended") return "done";
  if (job.state === "aborted") return "red";
  if (job.state === "interrupted" || job.degraded) return "yellow";
  return job.state === "running" ? "green" : "grey";
}

/** The parts of a job's good count by origin; of what is simulated, what was booked stands apart. */
export function countedAs(job: Pick<Job, "origins" | "opening">, t: Catalogue): [string, number][] {
  const { simulated = 0, ...seen } = job.origins;
  const opening = Math.min(job.opening, simulated);
  const parts = Object.entries(seen).map(([of, count]): [string, number] => [t.origin[of as Origin], count]);
  if (opening) parts.push([t.origin.opening, opening]);
  if (simulated > opening) parts.push([t.origin.booked, simulated - opening]);
  return parts;
}

/** The lamp of a package as a partner sees it; without one, the report is missing. */
export function packageLamp(work: WorkPackage): LampKind {
  return work.stale ? "hatched" : (work.lamp ?? "grey");
}

/** The word for a package's lamp; hatched in a fresh report is a firm that cannot know itself. */
export function lampWord(work: WorkPackage, words: Record<LampKind, string>, t: Catalogue): string {
  return work.lamp === "hatched" && !work.stale ? t.unknown : words[packageLamp(work)];
}

/** The unit of an order in words. */
export function unitWord(unit: Text | string, lang: "de" | "en"): string {
  return typeof unit === "string" ? unit : unit[lang];
}

/** Why a package is late, in words; or that its own firm does not see its machine now. */
export function reasonWord(work: WorkPackage, t: Catalogue): string | null {
  if (work.unmeasured) return t.order.unmeasured;
  if (!work.reason) return null;
  return t.order.reasons[work.reason] ?? work.reason;
}

/** The word in the place of a figure that is absent: not agreed, or not heard yet. */
export function absentWord(of: Order | WorkPackage, figure: string, t: Catalogue): string {
  return of.not_agreed.includes(figure) ? t.order.notAgreed : t.lamp.hatched;
}

/** The name of a firm as this order knows it. */
export function firmName(order: Order | null, id: string): string {
  return order?.packages?.find((work) => work.firm === id)?.firm_name ?? pretty(id);
}

/** The name of a part in health: a second sink of a kind is "mqtt-2"; undefined: it has no word. */
export function partName(part: string, names: Record<string, string>): string | undefined {
  const [kind = part, number] = part.split(/-(?=\d+$)/);
  return names[part] ?? (number && names[kind] ? `${names[kind]} ${number}` : undefined);
}

/** A readable name from an id: "haertetechnik-vogtei" becomes "Härtetechnik Vogtei". */
export function pretty(id: string): string {
  return id
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ")
    .replace(/Ae/g, "Ä")
    .replace(/ae/g, "ä");
}
