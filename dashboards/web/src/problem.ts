import { ApiError } from "./client";
import { t } from "./texts/index.svelte";

/** Why something was not done, in the language in use: the refusal itself, or that nobody answered. */
export function problemOf(error: unknown): string {
  if (error instanceof ApiError && error.status === 0) return t().failure.silent;
  return error instanceof Error ? error.message : String(error);
}
