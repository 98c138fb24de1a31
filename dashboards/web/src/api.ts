// The HTTP API of a gateway (/api/v1) and of the stage (/stage/v1), as the pages see them.
// The gateway's answers are declared once, in gateway/api; `generated/api.d.ts` is made of its OpenAPI
// document (`make types`), and what stands here are its words for the pages.
// Times are ISO 8601 in UTC; fields ending in `_s` are order time in seconds since day 1, 00:00.
// A field of an order that was not agreed is absent, never zero.

import type { components } from "./generated/api";

type Of<Name extends keyof components["schemas"]> = components["schemas"][Name];

export type Text = Of<"Words">;
export type Role = Of<"Role">;
export type Session = Of<"SessionShape">;
export type Signal = Of<"SignalShape">;
export type Problem = Of<"ProblemShape">;
export type Reloaded = Of<"ReloadedShape">;
export type MachineState = Of<"StateShape">;
export type Threshold = Of<"ThresholdShape">;
export type Machine = Of<"MachineShape">;
export type Trace = Of<"TraceShape">;
export type Run = Of<"RunShape">;
export type History = Of<"HistoryShape">;
export type Gap = Of<"GapShape">;
export type Job = Of<"JobShape">;
export type Question = Of<"QuestionShape">;
export type Lot = Of<"LotShape">;
export type WorkPackage = Of<"PackageShape">;
export type Offer = Of<"OfferShape">;
export type Prepared = Of<"PreparedShape">;
export type Agreement = Of<"AgreementShape">;
export type Comparison = Of<"ComparisonShape">;
export type Parked = Of<"ParkedShape">;
export type Outlet = Of<"OutletShape">;
export type Stored = Of<"StoredShape">;
export type LoggedEvent = Of<"EventShape">;
export type EventLog = Of<"LogShape">;
export type Account = Of<"AccountShape">;
export type AuditEntry = Of<"AuditShape">;
export type Part = Of<"PartShape">;
export type Health = Of<"HealthShape">;
export type Found = Of<"FoundShape">;
export type Scan = Of<"ScanShape">;
export type Meaning = Of<"MeaningShape">;
export type Register = Of<"RegisterShape">;
export type Look = Of<"LookShape">;
export type AssistantState = Of<"AssistantShape">;
export type Draft = Of<"DraftShape">;
export type LearnKind = Of<"LearnKindShape">;
export type LearnState = Of<"LearnShape">;
export type Learnt = Of<"LearntShape">;
export type Value = NonNullable<Signal["value"]>;
export type Quality = Signal["quality"];
export type HistoryPoint = History["points"][number];
export type WorkState = Job["state"];
export type Origin = keyof Job["origins"];
export type Level = Agreement["level"];
export type LampKind = NonNullable<WorkPackage["lamp"]>;
/** What the history holds of a reading; how good it was, the reading itself says. */
export type StoredValue = Omit<NonNullable<Trace["stored"]>, "quality">;
export type RegisterTable = Register["table"];
/** A message that left or came in. */
export type Message = Of<"SentShape"> & Partial<Pick<Of<"ReceivedShape">, "from">>;
/** A joint order; in an event its firm stands beside it. */
export type Order = Of<"OrderShape"> & { firm?: string };

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

/** A type of device that a machine may have; `own`: the firm's. */
export type TemplateChoice = Of<"TemplateShape">;
/** The key `evidence` of a machine's file. */
export type Evidence = Record<string, unknown> & { type: string };
export type Drafted = Of<"DraftedShape">;
export type MachineFile = Of<"FileShape">;
export type Sheet = Of<"SheetShape">;
export type Network = Of<"NetworkShape">;
