// The HTTP API of a gateway (/api/v1) and of the stage (/stage/v1), as the pages see them.
// Times are ISO 8601 in UTC; fields ending in `_s` are order time in seconds since day 1, 00:00.
// A field of an order that was not agreed is absent, never zero.

export interface Text {
  de: string;
  en: string;
}

export type Role = "owner" | "foreman" | "works_council" | "customer" | "visitor";

export interface Session {
  role: Role | null;
  firm: string;
  name: string;
  demo: boolean;
  simulated: boolean;
  setup_needed: boolean;
}

export type Quality = "good" | "uncertain" | "bad";
export type Value = number | boolean | string;

export interface Signal {
  id: string;
  point: string;
  means: Text;
  unit: string;
  value: Value | null;
  word: Text | null;
  quality: Quality;
  reason: string;
  detail: Text | null;
  at: string | null;
  seq: number | null;
  role: string | null;
}

/** A mistake in a file, with its cure. */
export interface Problem {
  file: string;
  line: number;
  column: number;
  what: Text;
  fix: Text;
}

/** What became of reading the files again. */
export interface Reloaded {
  how: "done" | "nothing_new" | "refused";
  at: string;
  said: Text;
  changes: Text[];
  later: string[];
  problems: Problem[];
  why: Text | null;
}

export interface MachineState {
  state: 0 | 1 | 2 | 3 | null;
  name: string | null;
  mode: number | null;
  since: string;
  because: Text;
  known: boolean;
  phase: Text | null;
  lapse: number;
}

export interface Threshold {
  signal: string;
  value: number;
  means: Text;
}

export interface Machine {
  firm: string;
  name: string;
  title: Text;
  template: string;
  template_title?: Text | null;
  built: number | null;
  simulated: boolean;
  connection: { type: string; host: string | null; port: number | null; units: number[] };
  lines: { type: string; place: string; units: number[] }[];
  state: MachineState;
  thresholds: Threshold[];
  polling?: Text[];
  bus?: { told: Text }[];
  signals: Signal[];
  job: Job | null;
}

export interface Trace {
  signal: Signal;
  register: { function: number; address: number; words: number[]; at: string } | null;
  encoding: string;
  order: string | null;
  scale?: number;
  /** Nothing but encoding, order and scale makes the value of the registers. */
  plain?: boolean;
  template: string;
  unit?: number | null;
  source?: string | null;
  /** Where sinks have the same value; each tells its own words. */
  places: { sink: string; title: string; facts: { name: string; label: Text; value: string }[] }[];
  stored: { seq: number | null; at: string; value: Value | null } | null;
  committed_seq?: number;
}

export interface Run {
  number: number;
  /** When it began or was first seen; null where an earlier version of the gateway saw it. */
  start: string | null;
  end: string | null;
  /** Length in order time. */
  seconds?: number | null;
  pieces: number;
  partial: boolean;
  job: string | null;
}

export type HistoryPoint = [
  at: number,
  low: number | null,
  high: number | null,
  last: Value | null,
  quality: number | Quality,
];

export interface History {
  signal: string;
  unit: string;
  points: HistoryPoint[];
}

export type WorkState = "planned" | "released" | "running" | "interrupted" | "ended" | "aborted";

/** A stretch of real time in which parts may have passed unseen. */
export interface Gap {
  start: string;
  end: string;
  why: Text;
}

export interface Job {
  id: string;
  machine: string;
  order: string | null;
  package: string | null;
  item: Text;
  planned: number;
  lot: number;
  state: WorkState;
  substate: string;
  because: Text;
  good: number;
  scrap: number;
  origins: Partial<Record<Origin, number>>;
  /** Good pieces that were done when the job came here, among those of origin simulated. */
  opening: number;
  runs_started: number;
  runs_completed: number;
  pieces_per_run: number;
  planned_per_piece_s: number;
  per_piece_s: number;
  run_began: string | null;
  run_expected_s: number | null;
  started: string | null;
  ended: string | null;
  departures: string[];
  inbound: number | null;
  degraded: string | null;
  gaps: Gap[];
  lapse: number;
  simulated: boolean;
}

/** A step of a device's counter that the machine could not have made: was it work? */
export interface Question {
  id: string;
  machine: string;
  signal: string | null;
  means: Text | null;
  job: string;
  item: Text;
  before: number;
  after: number;
  counts: number;
  good: number;
  scrap: number;
  start: string;
  end: string;
}

export type Origin = "measured" | "counted" | "entered" | "simulated" | "corrected";
export type Level = "L0" | "L1" | "L2" | "L3" | "L4";
export type LampKind = "grey" | "green" | "yellow" | "red" | "done" | "hatched";

export interface Lot {
  number: number;
  quantity: number;
  departed_s?: number | null;
  arrived_s?: number | null;
  /** When a lot that has not left yet is expected to leave. */
  expected_s?: number | null;
}

export interface WorkPackage {
  id: string;
  title: Text;
  item: Text;
  firm: string;
  firm_name: string;
  machine_title?: Text | null;
  needs?: { package: string; per: number; lots?: number[] | null }[] | null;
  weight?: number | null;
  own: boolean;
  level: Level;
  status?: WorkState | "no_news" | null;
  substate?: string | null;
  lamp?: LampKind | null;
  progress?: number | null;
  good?: number | null;
  planned?: number | null;
  lots?: Lot[] | null;
  forecast_s?: number | null;
  band_s?: [number, number] | null;
  plan_end_s?: number | null;
  plan_start_s?: number | null;
  own_delay_s?: number | null;
  inbound_delay_s?: number | null;
  reason?: string | null;
  /** Its machine does not answer: the last forecast stands. */
  unmeasured?: boolean;
  /** Its firm's clock is ahead of ours by so many seconds (negative: behind): one is wrong. */
  clock_off_s?: number;
  critical?: boolean | null;
  slack_s?: number | null;
  age_s?: number | null;
  stale?: boolean;
  not_agreed: string[];
  withdrawn?: string | null;
}

export interface Offer {
  id: string;
  package: string;
  lots: number[];
  to: string;
  from: string;
  state: "open" | "accepted" | "declined" | "expired";
  earliest_start_s?: number | null;
  forecast_with_s?: number | null;
}

export interface Order {
  firm?: string;
  id: string;
  version?: number;
  item: Text;
  quantity: number;
  unit: Text | string;
  lead?: string;
  simulated: boolean;
  lapse: number;
  clock: { began: string; at_s: number };
  /** When it was over, as far as this firm knows: its clocks stand there. */
  ended_s?: number | null;
  start_s: number;
  due_s: number;
  threshold_s?: number;
  interval_s?: number;
  progress?: number | null;
  forecast_s?: number | null;
  plan_end_s?: number | null;
  slack_s?: number | null;
  /** Absent while a firm that decides it is silent: nobody can say. */
  late?: boolean | null;
  lamp?: LampKind | null;
  /** What the lead firm tells us of the whole. */
  level?: Level;
  /** What of the whole is absent because somebody has not agreed to it. */
  not_agreed: string[];
  complete?: number | null;
  opening?: boolean;
  you?: { firm: string; role: "lead" | "member" | "reserve"; packages: string[] };
  packages?: WorkPackage[];
  offers?: Offer[];
  prepared?: Prepared | null;
  warned?: { at_s: number; hours_before_due: number } | null;
}

export interface Agreement {
  from: string;
  to: string;
  level: Level;
  /** What was agreed on, and can be given again after a withdrawal. */
  most: Level;
  interval_s: number;
  threshold_s: number;
  fields: string[];
  never: (Text | string)[];
  withdrawn: string | null;
  own: boolean;
}

export interface Message {
  id: string;
  at: string;
  to: string;
  from?: string;
  kind: string;
  order: string;
  package: string | null;
  sequence: number;
  level: Level | null;
  fields: Record<string, unknown>;
  bytes: number;
  hash: string;
  prev: string | null;
  state?: "pending" | "acked" | "cancelled";
  acked?: string | null;
}

export interface Comparison {
  firm: string;
  mine: string;
  theirs: string | null;
  count: number;
  equal: boolean;
}

/** A batch that the peer of a sink has refused. */
export interface Parked {
  sink: string;
  first_seq: number;
  last_seq: number;
  noted: string | null;
  why: string;
}

/** A way by which values leave the gateway, other than reports to partners. */
export interface Outlet {
  name: string;
  address: string;
  reach: "computer" | "network" | "outside" | "unknown";
  fields: Text;
  when: Text;
  asks: boolean;
}

export interface Stored {
  signals: {
    id: string;
    means: Text;
    unit: string;
    every_s: number;
    keep_s: number;
    step_s: number;
  }[];
  outlets: Outlet[];
  curves_seen_by: string[];
  never: Text[];
  journal: { bytes: number; most_bytes: number; committed_seq: number; oldest: string | null };
  history: { bytes: number; oldest: string | null };
  audit: { bytes: number; keep_s: number };
}

export interface LoggedEvent {
  id: number;
  kind: string;
  machine: string;
  job: string | null;
  at: string | null;
  details: Record<string, Value | null>;
}

/** What happened, and what the journal lacks; each with the newest last. */
export interface EventLog {
  events: LoggedEvent[];
  gaps: { why: string; start: string | null; end: string | null; batches: number | null }[];
}

export interface Account {
  role: Exclude<Role, "visitor">;
  set: boolean;
}

export interface AuditEntry {
  at: string;
  source: "web" | "exchange";
  event: string;
  role?: Role | null;
  what?: string;
  from?: "this computer" | "the network";
  more?: number;
  firm?: string;
  detail?: string;
  told?: Text;
}

export interface Part {
  name: string;
  state: "ok" | "waiting" | "failed" | "absent";
  text: Text;
  /** What an owner can do about it. */
  remedy?: "begin_anew" | "erase_aside" | "reload" | null;
}

export interface Health {
  firm: string;
  name: string;
  version: string;
  started: string;
  parts: Part[];
  now?: string;
  clock?: { state?: string; text?: Text };
}

/** A reserve that was asked before; the lead firm can offer it these lots. */
export interface Prepared {
  firm: string;
  firm_name?: string;
  package: string;
  lots: number[];
  earliest_start_s?: number | null;
  forecast_with_s?: number | null;
}

/** What the stage says of itself: GET /stage/v1/state; its events leave `presenter` out. */
export interface StageState {
  ready: boolean;
  run: number;
  order: string | null;
  keyframe: number | null;
  keyframes: { at_s: number; faults: string[] }[];
  faults: string[];
  /** When an armed element shows, in order time; null if it cannot any more. */
  shows_s: number | null;
  unplugged: string[];
  firms: StageFirm[];
  presenter: boolean;
  lan: string | null;
  processes: { name: string; state: string; restarts: number }[];
  lapse: number;
  clock: { began: string; at_s: number } | null;
}

export interface StageFirm {
  id: string;
  name: string;
  kind: "member" | "lead" | "reserve" | "retrofit";
  machine: string;
  package: string | null;
  ready: boolean;
  uplink: boolean | null;
}

/** Scene 9: GET /stage/v1/balance. */
export interface Balance {
  order: string | null;
  /** simulated: the run began after the fault; the moment is that of the story before it. */
  warned?: { at_s: number; hours_before_due: number; simulated: boolean } | null;
  forecast_s?: number | null;
  due_s?: number | null;
  complete?: number | null;
  quantity?: number | null;
  messages: number;
  fields: number;
  bytes: number;
  beyond: number;
}

export interface Found {
  line: string;
  unit: number;
  answer_s: number;
  templates: { name: string; title: Text; likely: boolean; evidence: Text; entry: string }[];
  places: { table: RegisterTable; first: number }[];
  entry: string;
}

export interface Scan {
  line: string;
  tried: number;
  of: number;
  asked: number;
  found: Found[];
  unreachable: { line: string; why: Text }[];
}

export type RegisterTable = "holding-registers" | "input-registers";

/** One way to read a register; the score is 0 (hardly) to 1 (very likely). */
export interface Meaning {
  encoding: string;
  order: string | null;
  value: number;
  scale: number;
  unit: string;
  score: number;
  why: Text;
}

export interface Register {
  table: RegisterTable;
  address: number;
  word: number;
  meanings: Meaning[];
  change: { before: number; after: number; rank: number } | null;
}

export interface Look {
  line: string;
  unit: number;
  asked: number;
  rounds: number;
  registers: Register[];
  letters: { address: number; text: string }[];
  in_vain: Text | null;
}

/** What can be learnt: the kinds of evidence. */
export type LearntKind = "power-runs" | "counters" | "charges";

/** What a recording teaches; `evidence` is the mapping of a machine's file, checked. */
export interface Learnt {
  kind: LearntKind;
  evidence: Record<string, unknown>;
  lines: string;
  every_s: number;
  thresholds: { key: string; role: string; value: number; unit: string; means: Text }[];
  runs: { begin_s: number; seconds: number | null; level: number | null }[];
  expects: Text[];
  doubts: Text[];
}

/** What the assistant does or has done last: GET api/v1/assistant. */
export interface AssistantState {
  busy: boolean;
  trouble: Text | null;
  scan: Scan | null;
  look: Look | null;
}

/** A template's text, and lines for the firm's file. */
export interface Draft {
  file: string;
  text: string;
  entry: string | null;
}
