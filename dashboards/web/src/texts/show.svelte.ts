import { prefs } from "../state/prefs.svelte";
import { showDe } from "./show.de";
import { showEn } from "./show.en";

/** The texts of the show in the language in use. */
export function show(): ShowCatalogue {
  return prefs.lang === "de" ? showDe : showEn;
}

type Widen<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends (...args: infer A) => string
      ? (...args: A) => string
      : { readonly [K in keyof T]: Widen<T[K]> };

/** What every language must have: exactly the keys of the German show. */
export type ShowCatalogue = Widen<typeof showDe>;
