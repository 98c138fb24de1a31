import type { Order, StageState } from "../api";
import { get, post } from "../client";
import { orderNow } from "../ordertime";
import type { PageMessage, StageMessage } from "../state/embedding";
import { Stream } from "../state/stream";

const NAMES = ["stage", "order", "machine", "jobs", "sent", "health"] as const;

/** Milliseconds after an order's beginning in which its first reports are waited for. */
const REPORTS = 2000;

/** The stage's state, its one event stream, and the firm pages that it feeds. */
class StageStore {
  state = $state.raw<StageState | null>(null);
  interrupted = $state<number | null>(null);
  /** The keyframe that was asked for and is not open yet. */
  #asked = $state<number | null>(null);
  /** The newest order as its lead firm tells it. */
  #order = $state.raw<Order | null>(null);
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
    if (what === "keyframe") this.#asked = (body as { keyframe: number }).keyframe;
    try {
      const answer = await post<Partial<StageState>>(`stage/v1/${what}`, body);
      if (answer && "firms" in answer) this.state = { ...answer, presenter: true } as StageState;
      else await this.refresh();
    } finally {
      if (what === "keyframe") this.#asked = null;
    }
  }

  /**
   * The order time that is being jumped to, at the real moment `now` (ms); null once the new
   * order's clock runs and its lead firm has heard from everybody, or should have.
   */
  jumping(now: number): number | null {
    const { state } = this;
    if (this.#asked !== null) return state?.keyframes[this.#asked]?.at_s ?? null;
    if (!state?.clock) return null;
    const began = Date.parse(state.clock.began);
    const settled = now >= began + REPORTS || (now >= began && this.#order?.id === state.order && reported(this.#order));
    return settled ? null : state.clock.at_s;
  }

  /** The order time to show at a real moment (ms): it stands still when the lead firm's does. */
  shown(real: number): number | null {
    if (this.#order && this.#order.id === this.state?.order) return orderNow(this.#order, real);
    return this.state && orderNow(this.state, real);
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
    const lead = this.state?.firms.find((entry) => entry.kind === "lead")?.id;
    if (name === "order" && firm === lead) this.#order = (data as { order?: Order }).order ?? null;
    for (const [frame, of] of this.#frames) {
      if (of === firm) this.#tell(frame, { wv: "event", name, data });
    }
  }

  #tell(frame: HTMLIFrameElement, message: StageMessage): void {
    frame.contentWindow?.postMessage(message, location.origin);
  }
}

/** Whether the lead firm has heard from everybody. */
function reported(order: Order): boolean {
  return order.packages?.every((work) => work.own || typeof work.age_s === "number") ?? false;
}

export const stage = new StageStore();
