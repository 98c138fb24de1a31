import type { Text } from "../api";
import { held } from "../format";
import { prefs } from "../state/prefs.svelte";
import { de } from "./de";
import { en } from "./en";

/** The texts of the language in use. */
export function t(): Catalogue {
  return prefs.lang === "de" ? de : en;
}

/** A text of the gateway in the language in use. */
export function tr(text: Text | null | undefined): string {
  return text ? held(text[prefs.lang]) : "";
}

type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Widen<T[K]> };

/** What every language must have: exactly the keys of the German catalogue. */
export type Catalogue = Widen<typeof de>;
