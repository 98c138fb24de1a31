import { serverClock } from "./state/clock.svelte";

/** A refusal or silence of the gateway; `status` 0 means that it did not answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** A refusal that only asks: the same request with the key it names is carried out. */
export class AskedBack extends ApiError {}

const PATIENCE_MS = 8000;

/** GET an address below the page, e.g. `api/v1/machines`. */
export function get<T>(path: string): Promise<T> {
  return ask<T>(path, { method: "GET" });
}

/** POST JSON to an address below the page. */
export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return ask<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** A query string from the entries that are set. */
export function query(entries: Record<string, string | number | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(entries)) {
    if (value !== null && value !== undefined) params.set(key, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const asked = Date.now();
  let answer: Response;
  try {
    answer = await fetch(path, {
      ...init,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (cause) {
    throw new ApiError(0, cause instanceof Error ? cause.message : String(cause));
  }
  serverClock.hear(answer.headers.get("date"), asked, Date.now());
  if (!answer.ok) throw await refused(answer);
  return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
}

async function refused(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  try {
    const body = JSON.parse(text) as { detail?: unknown; message?: unknown; ask?: string };
    const Kind = body.ask ? AskedBack : ApiError;
    const detail = body.detail ?? body.message;
    if (typeof detail === "string") return new Kind(answer.status, detail);
    if (detail && typeof detail === "object" && "de" in detail) {
      const lang = document.documentElement.lang === "en" ? "en" : "de";
      return new Kind(answer.status, String((detail as Record<string, unknown>)[lang]));
    }
  } catch {
    // not JSON: the status says enough
  }
  return new ApiError(answer.status, `HTTP ${answer.status}`);
}
