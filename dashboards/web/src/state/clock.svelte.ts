import { ServerOffset } from "../offset";

/** One beat for every clock and age on the page, and the offset of the gateway's clock. */
class Beat {
  now = $state(Date.now());

  constructor() {
    setInterval(() => (this.now = serverClock.now()), 250);
  }
}

class ServerClock {
  #offset = new ServerOffset();

  /** Learns from the Date header of an answer. */
  hear(date: string | null, asked: number, answered: number): void {
    if (date) this.#offset.hear(Date.parse(date), asked, answered);
  }

  /** Milliseconds since the epoch by the gateway's clock. */
  now(): number {
    return Date.now() + this.#offset.ms;
  }
}

export const serverClock = new ServerClock();
export const beat = new Beat();
