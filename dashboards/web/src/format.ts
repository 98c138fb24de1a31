// How numbers, times and durations look. Pure; the language is an argument.

export type Language = "de" | "en";

const LOCALE: Record<Language, string> = { de: "de-DE", en: "en-GB" };
const numbers = new Map<string, Intl.NumberFormat>();

/** A text in which a number stays on one line with its unit. */
export function held(text: string): string {
  return text.replace(/(\d) (?=(?:%|°C|s|min|h|k?W|A|V)(?![\p{L}\p{N}]))/gu, "$1\u00a0");
}

/** The sign for "no value": never a zero. */
export const NOTHING = "–";

/** A number with exactly `digits` decimals. */
export function number(value: number, lang: Language, digits = 0): string {
  const key = `${lang}${digits}`;
  let format = numbers.get(key);
  if (!format) {
    format = new Intl.NumberFormat(LOCALE[lang], {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    numbers.set(key, format);
  }
  return format.format(value);
}

/** A number with as many decimals as it has, up to `most`. */
export function exact(value: number, lang: Language, most = 4): string {
  return new Intl.NumberFormat(LOCALE[lang], { maximumFractionDigits: most }).format(value);
}

/** A share of 1 as whole per cent; never 100 before it is reached. */
export function percent(share: number, lang: Language): string {
  const whole = share >= 1 ? 100 : Math.min(99, Math.floor(share * 100 + 1e-9));
  return `${number(whole, lang)}\u00a0%`;
}

/** Decimals that a reading of this size needs to be readable and not to jump. */
export function digitsFor(value: number, unit: string): number {
  if (unit === "W") return Math.abs(value) < 100 ? 1 : 0;
  if (COUNTS.has(unit)) return Number.isInteger(value) ? 0 : 1;
  return Math.abs(value) >= 1000 ? 1 : Math.abs(value) >= 10 ? 1 : 2;
}

/** Units of counts and of plain numbers. */
export const COUNTS: ReadonlySet<string> = new Set(["{pieces}", "Stück", "1", ""]);

const UNITS: Record<string, string> = {
  "1": "",
  Cel: "°C",
  "V.A": "VA",
  "W.h": "Wh",
  "kW.h": "kWh",
};

/** A unit as people write it. */
export function unit(ucum: string, lang: Language): string {
  if (ucum === "{pieces}" || ucum === "Stück") return lang === "de" ? "Stück" : "pcs";
  return UNITS[ucum] ?? ucum;
}

const pad = (value: number) => String(value).padStart(2, "0");

/** Order time split into the day (from 1) and the clock. */
export function orderParts(seconds: number): { day: number; clock: string } {
  const whole = Math.floor(seconds / 60);
  const day = Math.floor(whole / 1440) + 1;
  const rest = whole - (day - 1) * 1440;
  return { day, clock: `${pad(Math.floor(rest / 60))}:${pad(rest % 60)}` };
}

/** Order time: "Tag 1, 14:20". */
export function orderTime(seconds: number, lang: Language): string {
  const { day, clock } = orderParts(seconds);
  return `${lang === "de" ? "Tag" : "Day"} ${day}, ${clock}`;
}

/** A length of time with two units at most: "45 s", "12 min", "1 h 05 min", "3 d 4 h". */
export function span(seconds: number, lang: Language): string {
  const s = Math.abs(Math.round(seconds));
  if (s < 90) return `${s}\u00a0s`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${minutes}\u00a0min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours}\u00a0h\u00a0${pad(minutes % 60)}\u00a0min` : `${hours}\u00a0h`;
  const days = Math.floor(hours / 24);
  const word = lang === "de" ? (days === 1 ? "Tag" : "Tage") : days === 1 ? "day" : "days";
  return hours % 24 ? `${days}\u00a0${word}\u00a0${hours % 24}\u00a0h` : `${days}\u00a0${word}`;
}

/** A short pace: "16 s", "0,42 s", "4 h 30 min". */
export function pace(seconds: number, lang: Language): string {
  if (seconds >= 90) return span(seconds, lang);
  const digits = seconds < 10 ? 2 : seconds % 1 > 0.05 ? 1 : 0;
  return `${number(seconds, lang, digits)}\u00a0s`;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** The clock of a real moment, in the viewer's zone: "14:20:05". */
export function clock(ms: number, lang: Language, fraction = false): string {
  const key = `${lang}${fraction}`;
  let format = clocks.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(LOCALE[lang], {
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      ...(fraction ? { fractionalSecondDigits: 3 as const } : {}),
    });
    clocks.set(key, format);
  }
  return format.format(ms);
}

const dates = new Map<Language, Intl.DateTimeFormat>();

/** Date and clock of a real moment: "21.11.2026, 14:20:05". */
export function moment(ms: number, lang: Language): string {
  let format = dates.get(lang);
  if (!format) {
    format = new Intl.DateTimeFormat(LOCALE[lang], { dateStyle: "medium", timeStyle: "medium" });
    dates.set(lang, format);
  }
  return format.format(ms);
}

/** A real moment: the clock today, with the date on other days. */
export function when(ms: number, lang: Language, now: number = Date.now()): string {
  const same = new Date(ms).toDateString() === new Date(now).toDateString();
  return same ? clock(ms, lang) : moment(ms, lang);
}

const days = new Map<Language, Intl.DateTimeFormat>();

/** The date of a real moment: "21.11.2026". */
export function date(ms: number, lang: Language): string {
  let format = days.get(lang);
  if (!format) {
    format = new Intl.DateTimeFormat(LOCALE[lang], { dateStyle: "medium" });
    days.set(lang, format);
  }
  return format.format(ms);
}

/** Bytes in the unit that fits. */
export function bytes(count: number, lang: Language): string {
  if (count < 1000) return `${number(count, lang)} B`;
  if (count < 1e6) return `${number(count / 1e3, lang, 1)} kB`;
  return `${number(count / 1e6, lang, 1)} MB`;
}

/** A register word: "0x44BB". */
export function hex(word: number): string {
  return `0x${word.toString(16).toUpperCase().padStart(4, "0")}`;
}
