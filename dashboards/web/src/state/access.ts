import type { Role } from "../api";

export type Section = "overview" | "order" | "agreements" | "council" | "questions" | "assistant" | "log" | "accounts" | "health";

const PAGES: Record<Role, readonly Section[]> = {
  owner: ["overview", "order", "questions", "agreements", "council", "log", "assistant", "accounts", "health"],
  foreman: ["overview", "order", "questions", "agreements", "council", "log", "health"],
  works_council: ["council", "agreements", "order", "health"],
  customer: ["order", "health"],
  visitor: ["overview", "order", "questions", "agreements", "council", "log", "health"],
};

/** The pages that a role may see, its first page first; the gateway refuses the rest anyhow. */
export function pagesFor(role: Role): readonly Section[] {
  return PAGES[role];
}

/** Whether a role sees machines and jobs. */
export function seesPlant(role: Role): boolean {
  return pagesFor(role).includes("overview");
}

/** Whether a role may ask a partner for its log: a question goes out, so a visitor only reads. */
export function mayCompare(role: Role | null | undefined): boolean {
  return mayWork(role) || role === "works_council";
}

/** Whether a role may book, start and end jobs. */
export function mayWork(role: Role | null | undefined): boolean {
  return role === "owner" || role === "foreman";
}
