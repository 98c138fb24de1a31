import type { Health, Job, Machine, Order, Question, Session, Text } from "../api";
import { ApiError, get, post } from "../client";
import { seesPlant } from "./access";
import { serverClock } from "./clock.svelte";
import { type StageMessage, stageWindow } from "./embedding";
import { Stream } from "./stream";

const NAMES = ["order", "machine", "machines", "jobs", "questions", "sent", "health"] as const;
const RETRY_MS = 3000;

/** Everything that the pages show of one firm, kept alive by its event stream. */
class Firm {
  session = $state.raw<Session | null>(null);
  machines = $state.raw<readonly Machine[] | null>(null);
  jobs = $state.raw<readonly Job[] | null>(null);
  /** What only a person can answer, oldest first. */
  questions = $state.raw<readonly Question[] | null>(null);
  orders = $state.raw<readonly Order[] | null>(null);
  health = $state.raw<Health | null>(null);
  /** Grows with every message that was sent or received: logs fetch anew. */
  messages = $state(0);
  /** Null while connected; else since when (ms) the stream is interrupted. */
  interrupted = $state<number | null>(null);
  /** Grows whenever the connection came (back). */
  connections = $state(0);
  failure = $state.raw<ApiError | null>(null);
  readonly stage = stageWindow();

  #stream: Stream | null = null;
  #listening = false;
  #retry = 0;
  #heard = new WeakMap<Order, number>();

  /** Fetches the session and, where it allows, everything else; then listens. */
  async start(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      this.session = await get<Session>("api/v1/session");
      this.failure = null;
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (!this.session.role) {
      this.#forget();
      return;
    }
    if (this.stage) this.#listenToStage(this.stage);
    else this.#stream ??= new Stream("api/v1/events", NAMES, this.#listener);
    await this.refresh();
  }

  /** Ends the session; nothing of it stays in the page. */
  async signOut(): Promise<void> {
    try {
      await post("api/v1/logout");
      location.assign(location.pathname); // loads anew, at the first page of whoever comes next
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Fetches the whole picture; what cannot be had keeps its last state. */
  async refresh(): Promise<void> {
    const part = async <T>(path: string, take: (value: T) => void) => {
      try {
        take(await get<T>(path));
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) this.#forget();
        else if (error instanceof ApiError && error.status === 0) this.#failed(error);
      }
    };
    const plant = this.session?.role && seesPlant(this.session.role);
    await Promise.all([
      plant && part<Machine[]>("api/v1/machines", (value) => (this.machines = value)),
      plant && part<Job[]>("api/v1/jobs", (value) => (this.jobs = value)),
      plant && part<Question[]>("api/v1/questions", (value) => (this.questions = value)),
      part<Order[]>("api/v1/orders", (value) => {
        for (const order of value) this.#heard.set(order, serverClock.now());
        this.orders = value;
      }),
      part<Health>("api/v1/health", (value) => (this.health = value)),
    ]);
  }

  /** Takes the newest state of an order. */
  takeOrder(order: Order): void {
    this.#heard.set(order, serverClock.now());
    const others = (this.orders ?? []).filter((known) => known.id !== order.id);
    this.orders = [...others, order];
  }

  /** When (ms) this state of an order was heard. */
  heard(order: Order): number {
    return this.#heard.get(order) ?? serverClock.now();
  }

  /** Why nothing is shared until a person has decided; null while the exchange may work. */
  get shut(): Text | null {
    return this.health?.parts.find((part) => part.remedy === "begin_anew")?.text ?? null;
  }

  /** The order in work: the one asked for, else the latest. */
  order(id?: string): Order | null {
    const orders = this.shut ? [] : (this.orders ?? []);
    if (id) return orders.find((order) => order.id === id) ?? null;
    return orders.reduce<Order | null>(
      (latest, order) => (!latest || order.clock.began >= latest.clock.began ? order : latest),
      null,
    );
  }

  #listener = {
    up: () => {
      this.interrupted = null;
      if (this.connections++ > 0) void this.refresh();
    },
    down: (refused: boolean) => {
      this.interrupted ??= Date.now();
      if (refused) void this.#askAgain(); // perhaps the session has ended
    },
    event: (name: string, data: unknown) => this.#take(name, data),
  };

  #take(name: string, data: unknown): void {
    if (name === "order") this.takeOrder((data as { order?: Order }).order ?? (data as Order));
    else if (name === "machine") this.#takeMachine((data as { machine: Machine }).machine);
    else if (name === "machines") void this.#takeNames((data as { names: string[] }).names);
    else if (name === "jobs") this.jobs = Array.isArray(data) ? data : (data as { jobs: Job[] }).jobs;
    else if (name === "questions") this.questions = (data as { questions: Question[] }).questions;
    else if (name === "sent") this.messages++;
    else if (name === "health") this.health = data as Health;
  }

  #takeMachine(news: Machine): void {
    if (!this.machines) return;
    this.machines = this.machines.map((known) =>
      known.name === news.name ? { ...known, ...news, thresholds: news.thresholds ?? known.thresholds ?? [] } : known,
    );
  }

  /** Machines have come or gone: which ones, and what is there of the new ones, is fetched. */
  async #takeNames(names: readonly string[]): Promise<void> {
    const known = this.machines?.map((machine) => machine.name);
    if (known && known.join() !== names.join()) await this.refresh();
  }

  async #askAgain(): Promise<void> {
    try {
      const session = await get<Session>("api/v1/session");
      if (session.role) return;
      this.session = session;
      this.#forget();
    } catch {
      // the stream tries again
    }
  }

  /** Nobody is signed in any more: who comes next sees nothing of what was here. */
  #forget(): void {
    this.#stream?.close();
    this.#stream = null;
    if (this.session) this.session = { ...this.session, role: null };
    this.machines = this.jobs = this.questions = this.orders = this.health = this.interrupted = null;
    this.connections = 0;
  }

  #listenToStage(stage: Window): void {
    if (this.#listening) return;
    this.#listening = true;
    addEventListener("message", (event: MessageEvent<StageMessage>) => {
      if (event.origin !== location.origin || event.source !== stage) return;
      const message = event.data;
      if (message.wv === "event") this.#listener.event(message.name, message.data);
      else if (message.wv === "link" && message.up) this.#listener.up();
      else if (message.wv === "link") this.interrupted = message.since;
    });
    stage.postMessage({ wv: "hello" }, location.origin);
  }

  #failed(error: unknown): void {
    this.failure = error instanceof ApiError ? error : new ApiError(0, String(error));
    this.interrupted ??= Date.now();
    clearTimeout(this.#retry);
    this.#retry = window.setTimeout(() => void this.start(), RETRY_MS);
  }
}

export const firm = new Firm();
