import type { LoggedEvent, Origin, Value } from "../../api";
import { type Language, number, pace } from "../../format";
import type { Catalogue } from "../../texts/index.svelte";

/** The kinds that do not come with every run. */
export const RARE = [
  "state", "booked", "counter_rollover", "counter_reset", "counter_glitch", "counter_jumped", "counter_answered", "device_exchanged", "lot", "gap", "job", "degraded", "recovered",
] as const;

/** What an event says, in a few words. Pure. */
export function told(event: LoggedEvent, lang: Language, t: Catalogue): string {
  const of = event.details;
  const count = (value: Value | null | undefined) => number(Number(value ?? 0), lang);
  const because = String(of[`because_${lang}`] ?? "");
  switch (event.kind) {
    case "state":
    case "job":
      return because;
    case "run_started":
      return t.machine.run(Number(of.run));
    case "run_finished": {
      const parts = [t.machine.run(Number(of.run)), t.order.pieces(count(of.pieces))];
      if (typeof of.seconds === "number") parts.push(t.order.inOrderTime(pace(of.seconds, lang)));
      if (of.partial) parts.push(t.log.partial);
      return parts.join(", ");
    }
    case "counted":
    case "booked": {
      const parts = [];
      if (of.good) parts.push(`${count(of.good)} ${t.job.good}`);
      if (of.scrap) parts.push(`${count(of.scrap)} ${t.job.scrap}`);
      if (of.origin) parts.push(t.origin[of.origin as Origin]);
      return parts.join(", ");
    }
    case "counter_rollover":
    case "counter_reset":
    case "counter_glitch":
    case "counter_jumped":
      return `${of.signal}: ${count(of.before)} → ${count(of.after)}`;
    case "counter_answered":
      return `${of.signal}: ${count(of.counts)}, ${of.confirmed ? t.log.confirmed : t.log.refused}`;
    case "device_exchanged":
      return String(of.what ?? "");
    case "lot":
      return [t.order.lot(Number(of.number)), t.order.pieces(count(of.quantity)), t.origin[of.origin as Origin]].join(", ");
    case "gap":
      return `${t.job.gap(pace(Number(of.seconds), lang))}. ${of[`why_${lang}`] ?? ""}`;
    case "degraded":
      return typeof of.rate_seconds === "number"
        ? `${t.log.perRun(pace(of.rate_seconds, lang))}${of.confirmed ? `, ${t.log.confirmed}` : ""}`
        : "";
    default:
      return "";
  }
}
