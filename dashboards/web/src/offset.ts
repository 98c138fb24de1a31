/** Milliseconds between two beats of every clock on the pages. */
export const BEAT_MS = 250;

/** The last beat at a moment (ms). Beats are whole quarters of a second, not counted from a page's own beginning. */
export function lastBeat(now: number): number {
  return Math.floor(now / BEAT_MS) * BEAT_MS;
}

/**
 * How far the gateway's clock is ahead of this browser's, in ms, from the whole seconds of Date
 * headers: each answer bounds the offset, and the bounds are intersected. A browser on the same
 * computer always keeps 0; a phone converges within some answers.
 */
export class ServerOffset {
  ms = 0;
  #low = -Infinity;
  #high = Infinity;

  /** `date` is the header in ms; `asked` and `answered` are this browser's times around it. */
  hear(date: number, asked: number, answered: number): void {
    if (!Number.isFinite(date)) return;
    const low = date - answered;
    const high = date + 1000 - asked;
    if (low > this.#high || high < this.#low) {
      this.#low = low;
      this.#high = high;
    } else {
      this.#low = Math.max(this.#low, low);
      this.#high = Math.min(this.#high, high);
    }
    const holdsZero = this.#low <= 0 && this.#high >= 0;
    this.ms = holdsZero ? 0 : Math.round((this.#low + this.#high) / 2);
  }
}
