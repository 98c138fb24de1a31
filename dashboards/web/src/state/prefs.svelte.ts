import type { Language } from "../format";

export type Theme = "system" | "light" | "dark";

const LANG_KEY = "werkverbund.lang";
const THEME_KEY = "werkverbund.theme";

const dark = matchMedia("(prefers-color-scheme: dark)");

function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // a browser that keeps nothing still shows everything
  }
}

/** The language chosen here, else the first of the browser's own that we speak. */
function language(): Language {
  const chosen = kept(LANG_KEY);
  if (chosen === "de" || chosen === "en") return chosen;
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
  return (spoken.find((tag) => tag === "de" || tag === "en") as Language | undefined) ?? "de";
}

/** Language and look, kept in this browser and shared by all pages of one origin. */
class Prefs {
  lang = $state<Language>(language());
  theme = $state<Theme>((kept(THEME_KEY) as Theme | null) ?? "system");
  /** The look as it is now; charts read their colours anew when it changes. */
  dark = $state(false);

  constructor() {
    addEventListener("storage", (event) => {
      if (event.key === LANG_KEY) this.lang = language();
      if (event.key === THEME_KEY) this.theme = (event.newValue as Theme | null) ?? "system";
      this.#apply();
    });
    dark.addEventListener("change", () => this.#apply());
    this.#apply();
  }

  setLang(lang: Language): void {
    this.lang = lang;
    keep(LANG_KEY, lang);
    this.#apply();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    keep(THEME_KEY, theme);
    this.#apply();
  }

  #apply(): void {
    this.dark = this.theme === "dark" || (this.theme === "system" && dark.matches);
    const root = document.documentElement;
    root.lang = this.lang;
    root.dataset.theme = this.dark ? "dark" : "light";
  }
}

export const prefs = new Prefs();
