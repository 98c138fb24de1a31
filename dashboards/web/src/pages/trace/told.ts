// What partners were told last of a package, from the firm's own log of what left. Pure.
import type { Message } from "../../api";

/** How far a partner was told that the package is: good pieces, per cent, or only its lamp. */
export interface Told {
  to: string;
  good: number | null;
  percent: number | null;
}

/** The last report to each partner, whoever was told most first. */
export function lastTold(messages: readonly Message[], work: string): Told[] {
  const last = new Map<string, Message>();
  for (const message of messages) {
    const told = last.get(message.to);
    const report = message.kind === "report" && message.package === work && message.state !== "cancelled";
    if (report && (!told || message.sequence > told.sequence)) last.set(message.to, message);
  }
  const rank = (told: Told) => (told.good !== null ? 0 : told.percent !== null ? 1 : 2);
  return [...last.values()]
    .map(({ to, fields }) => ({ to, good: count(fields.good), percent: count(fields.progress) }))
    .sort((a, b) => rank(a) - rank(b) || a.to.localeCompare(b.to));
}

const count = (value: unknown) => (typeof value === "number" ? value : null);
