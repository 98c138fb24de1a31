import type { Role } from "../api";

export type Section = "overview" | "order" | "agreements" | "council" | "health";

const PAGES: Record<Role, readonly Section[]> = {
  owner: ["overview", "order", "agreements", "council", "health"],
  foreman: ["overview", "order", "agreements", "council", "health"],
  works_council: ["council", "agreements", "order", "health"],
  customer: ["order", "health"],
  visitor: ["overview", "order", "agreements", "council", "health"],
};

/** The pages that a role may see, its first page first; the gateway refuses the rest anyhow. */
export function pagesFor(role: Role): readonly Section[] {
  return PAGES[role];
}
