import type { StageFirm } from "../api";

/** A firm's own page in a part of the big view. */
export interface Part {
  firm: string;
  route: string;
  /** Share of the width, in parts. */
  share?: number;
}

export type View = { kind: "intro" } | { kind: "balance" } | { kind: "pages"; parts: Part[] };

/** What the presenter can press in a scene. */
export type Action =
  | { kind: "keyframe"; keyframe: number }
  | { kind: "element" }
  | { kind: "unplug"; machine: string }
  | { kind: "uplink"; firm: string };

export interface Scene {
  views: View[];
  actions: Action[];
}

const pages = (...parts: Part[]): View => ({ kind: "pages", parts });
const jump = (keyframe: number): Action => ({ kind: "keyframe", keyframe });

/** The nine scenes over the firms that play; firms that do not play leave their view out. */
export function scenes(firms: readonly StageFirm[]): Scene[] {
  const has = (package_: string) => firms.find((firm) => firm.package === package_);
  const of = (kind: StageFirm["kind"]) => firms.find((firm) => firm.kind === kind);
  const [mill, press, furnace, laser] = ["AP1", "AP2", "AP3", "AP4"].map(has);
  const [lead, reserve, retrofit] = [of("lead"), of("reserve"), of("retrofit")];
  const machine = (firm?: StageFirm, share = 1): Part[] =>
    firm ? [{ firm: firm.id, route: `machine/${firm.machine}`, share }] : [];
  const page = (firm: StageFirm | undefined, route: string, share = 1): Part[] =>
    firm ? [{ firm: firm.id, route, share }] : [];
  const board = pages(...page(lead, "order"));
  const present = (view: View) => view.kind !== "pages" || view.parts.length > 0;

  const list: Scene[] = [
    { views: [{ kind: "intro" }], actions: [jump(0)] },
    {
      views: [pages(...machine(mill)), pages(...machine(retrofit))],
      actions: mill ? [{ kind: "unplug", machine: mill.machine }] : [],
    },
    {
      views: [
        pages(...page(lead, `order/latest/${mill?.package}`, 0.55), ...page(mill, `trace/${mill?.machine}`, 1.35)),
        pages(...page(furnace, `trace/${furnace?.machine}`)),
      ],
      actions: [],
    },
    { views: [board], actions: [jump(0)] },
    {
      views: [pages(...machine(furnace), ...page(lead, "order/latest/AP3", 0.85)), board],
      actions: [jump(1), { kind: "element" }],
    },
    {
      views: [pages(...page(lead, "order", 1.6), ...page(reserve, "order")), board],
      actions: [jump(2)],
    },
    {
      views: [pages(...page(laser, "council")), pages(...machine(laser), ...page(lead, "order", 1.25))],
      actions: [jump(3), ...(laser ? [{ kind: "uplink" as const, firm: laser.id }] : [])],
    },
    {
      views: [pages(...page(press, "agreements"), ...page(lead, "order", 1.25))],
      actions: [jump(3)],
    },
    { views: [{ kind: "balance" }], actions: [jump(4)] },
  ];
  return list.map((scene) => ({ ...scene, views: scene.views.filter(present) }));
}
