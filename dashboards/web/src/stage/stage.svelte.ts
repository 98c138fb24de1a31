import type { StageState } from "../api";
import { get, post } from "../client";
import type { PageMessage, StageMessage } from "../state/embedding";
import { Stream } from "../state/stream";

const NAMES = ["stage", "order", "machine", "jobs", "sent", "health"] as const;

/** The stage's state, its one event stream, and the firm pages that it feeds. */
class StageStore {
  state = $state.raw<StageState | null>(null);
  interrupted = $state<number | null>(null);
  #frames = new Map<HTMLIFrameElement, string>();
  #keys: ((key: string) => void) | null = null;

  /** Begins to listen; `keys` gets what the presenter types inside a firm's page. */
  start(keys: (key: string) => void): void {
    this.#keys = keys;
    addEventListener("message", (event: MessageEvent<PageMessage>) => this.#heard(event));
    new Stream("stage/v1/events", NAMES, {
      up: () => this.#linked(true),
      down: () => this.#linked(false),
      event: (name, data) => this.#pass(name, data),
    });
    void this.refresh();
  }

  async refresh(): Promise<void> {
    try {
      this.state = await get<StageState>("stage/v1/state");
    } catch {
      // the stream tells when the stage is back
    }
  }

  /** Asks the stage to do something; its answer is the new state. */
  async command(what: string, body: unknown): Promise<void> {
    const answer = await post<Partial<StageState>>(`stage/v1/${what}`, body);
    if (answer && "firms" in answer) this.state = { ...answer, presenter: true } as StageState;
    else await this.refresh();
  }

  /** Feeds a frame with the events of one firm until the answer is called. */
  feed(frame: HTMLIFrameElement, firm: string): () => void {
    this.#frames.set(frame, firm);
    return () => this.#frames.delete(frame);
  }

  #heard(event: MessageEvent<PageMessage>): void {
    if (event.origin !== location.origin) return;
    const frame = [...this.#frames.keys()].find((entry) => entry.contentWindow === event.source);
    if (!frame) return;
    if (event.data.wv === "hello") this.#tell(frame, this.#link());
    else if (event.data.wv === "key") this.#keys?.(event.data.key);
  }

  #linked(up: boolean): void {
    if (up && this.interrupted !== null) void this.refresh();
    this.interrupted = up ? null : (this.interrupted ?? Date.now());
    for (const frame of this.#frames.keys()) this.#tell(frame, this.#link());
  }

  #link(): StageMessage {
    return { wv: "link", up: this.interrupted === null, since: this.interrupted ?? 0 };
  }

  #pass(name: string, data: unknown): void {
    if (name === "stage") {
      this.state = { ...(data as StageState), presenter: this.state?.presenter ?? false };
      return;
    }
    const firm = (data as { firm?: string }).firm;
    for (const [frame, of] of this.#frames) {
      if (of === firm) this.#tell(frame, { wv: "event", name, data });
    }
  }

  #tell(frame: HTMLIFrameElement, message: StageMessage): void {
    frame.contentWindow?.postMessage(message, location.origin);
  }
}

export const stage = new StageStore();
