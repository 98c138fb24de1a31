// Where things stand on the order board. Pure: order in, places out.
import type { Lot, Order, WorkPackage } from "../../api";

/** Packages so that each stands below what it needs, the heaviest chain first. */
export function arranged(packages: readonly WorkPackage[]): WorkPackage[] {
  const byId = new Map(packages.map((work) => [work.id, work]));
  const done = new Set<string>();
  const result: WorkPackage[] = [];
  const visit = (work: WorkPackage) => {
    if (done.has(work.id)) return;
    done.add(work.id);
    const needs = (work.needs ?? []).flatMap((need) => byId.get(need.package) ?? []);
    for (const source of [...needs].sort(heavierFirst)) visit(source);
    result.push(work);
  };
  const needed = new Set(packages.flatMap((work) => (work.needs ?? []).map((n) => n.package)));
  for (const work of packages.filter((entry) => !needed.has(entry.id)).sort(heavierFirst)) {
    if (!isPart(work)) visit(work);
  }
  for (const work of packages) visit(work);
  return withParts(result);
}

const heavierFirst = (a: WorkPackage, b: WorkPackage) => (b.weight ?? 0) - (a.weight ?? 0);

/** Whether a package took over lots of another: AP3-R stands right after AP3. */
const isPart = (work: WorkPackage) => /-R\d*$/.test(work.id);

function withParts(packages: WorkPackage[]): WorkPackage[] {
  const whole = packages.filter((work) => !isPart(work));
  for (const part of packages.filter(isPart)) {
    const parent = whole.findIndex((work) => part.id.startsWith(work.id));
    whole.splice(parent + 1, 0, part);
  }
  return whole;
}

/** The stretch of order time that the board shows, in seconds, on whole hours. */
export function range(order: Order): [number, number] {
  const ends = [order.due_s, order.forecast_s, order.plan_end_s];
  for (const work of order.packages ?? []) ends.push(work.forecast_s, work.plan_end_s);
  const last = Math.max(...ends.filter((end): end is number => typeof end === "number"));
  const step = 3600;
  return [Math.floor(order.start_s / step) * step, Math.ceil((last + 1800) / step) * step];
}

/** Order times of the grid lines: at most `count`, on round hours. */
export function ticks([from, to]: [number, number], count: number): number[] {
  const steps = [1, 2, 3, 6, 12, 24].map((hours) => hours * 3600);
  const step = steps.find((width) => (to - from) / width <= count) ?? 24 * 3600;
  const first = Math.ceil(from / step) * step;
  const result: number[] = [];
  for (let at = first; at <= to; at += step) result.push(at);
  return result;
}

export interface Journey {
  key: string;
  lot: Lot;
  from: WorkPackage;
  /** Where it goes; a package may feed several. */
  to: WorkPackage;
  departed: number;
  arrives: number;
}

const TRANSPORT_S = 3600;

/** The lots that have left, with where they go and when they arrive (or should). */
export function journeys(packages: readonly WorkPackage[]): Journey[] {
  const result: Journey[] = [];
  for (const from of packages) {
    for (const lot of from.lots ?? []) {
      if (lot.departed_s == null) continue;
      for (const to of consumers(from, packages)) {
        const arrives = lot.arrived_s ?? lot.departed_s + TRANSPORT_S;
        const key = `${from.id}/${lot.number}/${to.id}`;
        result.push({ key, lot, from, to, departed: lot.departed_s, arrives });
      }
    }
  }
  return result;
}

/** How far a lot has come, from 0 to 1. */
export function travelled(journey: Journey, now: number | null): number {
  if (now === null) return 1;
  const length = Math.max(1, journey.arrives - journey.departed);
  return Math.min(1, Math.max(0, (now - journey.departed) / length));
}

function consumers(from: WorkPackage, packages: readonly WorkPackage[]): WorkPackage[] {
  // Which lots go where is not told, so parts of a package cannot be told apart: the first one.
  return packages
    .filter((work) =>
      work.needs.some(
        (need) => need.package === from.id || (isPart(from) && from.id.startsWith(need.package)),
      ),
    )
    .slice(0, 1);
}

/** How full each lot of a package is, from 0 to 1; null where quantities are not agreed. */
export function lotShares(work: WorkPackage): { number: number; share: number; gone: boolean }[] | null {
  if (work.good == null || !work.lots?.length) return null;
  let rest = work.good;
  return work.lots.map((lot) => {
    const share = Math.max(0, Math.min(1, rest / lot.quantity));
    rest -= lot.quantity;
    return { number: lot.number, share, gone: lot.departed_s != null };
  });
}

/** How much later than planned a package ends, in seconds; 0 where it is not known. */
export function delayOf(work: WorkPackage): number {
  if (work.forecast_s == null || work.plan_end_s == null) return 0;
  const delay = work.forecast_s - work.plan_end_s;
  return delay >= DELAY_SHOWN_S ? delay : 0;
}

const DELAY_SHOWN_S = 900;
