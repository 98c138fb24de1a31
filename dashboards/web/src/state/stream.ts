const WAITS_MS = [500, 1000, 2000, 5000];
const SILENCE_MS = 30_000;

export interface StreamEvents {
  /** The stream is open (again): what was missed must be fetched. */
  up(): void;
  /** The stream is interrupted; it reconnects by itself. `refused`: somebody answered, but no. */
  down(refused: boolean): void;
  event(name: string, data: unknown): void;
}

/** One event stream that always comes back, also after a proxy's error page or a sleeping phone. */
export class Stream {
  #source: EventSource | null = null;
  #timer = 0;
  #tries = 0;
  #heard = Date.now();
  #closed = false;

  constructor(
    readonly address: string,
    readonly names: readonly string[],
    readonly listener: StreamEvents,
  ) {
    addEventListener("online", this.#open);
    document.addEventListener("visibilitychange", () => {
      const quiet = Date.now() - this.#heard > SILENCE_MS;
      if (document.visibilityState === "visible" && quiet) this.#open();
    });
    this.#open();
  }

  /** Ends for good. */
  close(): void {
    this.#closed = true;
    removeEventListener("online", this.#open);
    clearTimeout(this.#timer);
    this.#source?.close();
  }

  #open = (): void => {
    clearTimeout(this.#timer);
    this.#source?.close();
    if (this.#closed) return;
    const source = new EventSource(this.address);
    this.#source = source;
    source.onopen = () => {
      this.#tries = 0;
      this.#heard = Date.now();
      this.listener.up();
    };
    source.onerror = () => {
      const refused = source.readyState === EventSource.CLOSED;
      this.listener.down(refused);
      if (refused && !this.#closed) this.#again();
    };
    for (const name of this.names) {
      source.addEventListener(name, (event) => {
        this.#heard = Date.now();
        this.listener.event(name, JSON.parse((event as MessageEvent<string>).data));
      });
    }
  };

  #again(): void {
    clearTimeout(this.#timer);
    const wait = WAITS_MS[Math.min(this.#tries++, WAITS_MS.length - 1)] ?? 5000;
    this.#timer = window.setTimeout(this.#open, wait);
  }
}
