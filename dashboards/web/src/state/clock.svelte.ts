import { BEAT_MS, lastBeat, ServerOffset } from "../offset";
import { stageWindow } from "./embedding";

declare global {
  interface Window {
    wvOffset?: ServerOffset;
  }
}

// A page in the stage shares the stage's offset: what stands side by side reads one clock.
const offset = (window.wvOffset = stageWindow()?.wvOffset ?? new ServerOffset());

class ServerClock {
  /** Learns from the Date header of an answer. */
  hear(date: string | null, asked: number, answered: number): void {
    if (date) offset.hear(Date.parse(date), asked, answered);
  }

  /** Milliseconds since the epoch by the gateway's clock. */
  now(): number {
    return Date.now() + offset.ms;
  }
}

/** One beat for every clock and age, at the same moments in every page. */
class Beat {
  now = $state(0);

  constructor() {
    this.#tick();
  }

  #tick = (): void => {
    const now = serverClock.now();
    this.now = lastBeat(now);
    setTimeout(this.#tick, this.now + BEAT_MS - now);
  };
}

export const serverClock = new ServerClock();
export const beat = new Beat();
