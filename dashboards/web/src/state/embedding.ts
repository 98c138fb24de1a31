// How a firm's page inside the stage talks with it. Both are of one origin; every message is
// checked for it.

/** From a page to the stage. */
export type PageMessage = { wv: "hello" } | { wv: "key"; key: string };

/** From the stage to a page. */
export type StageMessage =
  | { wv: "link"; up: boolean; since: number }
  | { wv: "event"; name: string; data: unknown };

/** The stage's window if this page stands in one, else null. */
export function stageWindow(): Window | null {
  if (window.parent === window) return null;
  try {
    return "wvStage" in window.parent.document.documentElement.dataset ? window.parent : null;
  } catch {
    return null; // framed by another origin
  }
}

const STAGE_KEYS = /^(Arrow(Left|Right)|[1-9]|[pPfF]|Escape)$/;

/** Hands the presenter's keys on to the stage, unless somebody is typing. */
export function forwardKeys(stage: Window): void {
  addEventListener("keydown", (event) => {
    const busy = event.target instanceof HTMLElement && event.target.closest("input,select,textarea,dialog");
    if (busy || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!STAGE_KEYS.test(event.key)) return;
    if (event.key.startsWith("Arrow")) event.preventDefault();
    stage.postMessage({ wv: "key", key: event.key } satisfies PageMessage, location.origin);
  });
}
