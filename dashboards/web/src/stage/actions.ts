import type { StageState } from "../api";
import { orderTime, type Language } from "../format";
import { orderNow, realTime } from "../ordertime";
import type { ShowCatalogue } from "../texts/show.svelte";
import type { Action } from "./scenes";

export interface Command {
  label: string;
  /** Route of the stage below /stage/v1 and what it is given. */
  what: string;
  body: unknown;
  /** Whether the thing is switched right now (armed, pulled, unplugged). */
  on: boolean;
}

/** What an action does at the real moment `now` (ms), and how its button reads. */
export function commandFor(action: Action, state: StageState, show: ShowCatalogue, lang: Language, now: number): Command {
  switch (action.kind) {
    case "keyframe": {
      const at = state.keyframes[action.keyframe]?.at_s;
      const label = action.keyframe === 0 || at === undefined ? show.restart : jump(at, orderNow(state, now), show, lang);
      return { label, what: "keyframe", body: { keyframe: action.keyframe }, on: false };
    }
    case "element": {
      const on = state.faults.includes("element");
      return { label: on ? burning(state, show, now) : show.element, what: "fault", body: { kind: "element" }, on };
    }
    case "unplug": {
      const on = state.unplugged.includes(action.machine);
      return { label: on ? show.plug.put : show.plug.pull, what: "unplug", body: { machine: action.machine, plugged: on }, on };
    }
    case "uplink": {
      const firm = state.firms.find((entry) => entry.id === action.firm);
      const on = firm?.uplink === false;
      return { label: on ? show.uplink.put : show.uplink.pull, what: "uplink", body: { firm: action.firm, connected: on }, on };
    }
  }
}

const BACK: Record<Language, (to: string) => string> = {
  de: (to) => `Zurück auf ${to}`,
  en: (to) => `Back to ${to}`,
};

/** How the button of a keyframe reads at the order time `now`: a jump, or the way back. */
function jump(at: number, now: number | null, show: ShowCatalogue, lang: Language): string {
  const to = orderTime(at, lang);
  return now !== null && now > at ? BACK[lang](to) : `${show.jump}: ${to}`;
}

/** How an armed element's button reads: when it shows, in real seconds from `now` (ms). */
export function burning(state: Pick<StageState, "clock" | "lapse" | "shows_s">, show: ShowCatalogue, now: number): string {
  const at = state.shows_s === null ? null : realTime(state, state.shows_s);
  if (at === null) return show.elementNever;
  return at <= now ? show.elementBurnt : show.elementShows(Math.ceil((at - now) / 1000));
}
