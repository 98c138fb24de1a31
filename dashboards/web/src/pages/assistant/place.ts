import type { RegisterTable } from "../../api";

/** Where is asked, as the fields of the form hold it. */
export interface Where {
  way: "network" | "own" | "serial";
  own: string;
  hosts: string;
  port: number;
  rtu: boolean;
  serial: string;
  baud: number;
  parity: "none" | "even" | "odd";
  stopBits: 1 | 2;
}

/** Which registers are looked at. */
export interface Wanted {
  unit: number;
  table: RegisterTable | "either";
  first: number;
  count: number;
  samples: number;
}

/** A register that a person has given a name. */
export interface Mark {
  name: string;
  table: RegisterTable;
  address: number;
  encoding: string;
  order: string | null;
  scale: number;
  unit: string;
  counter: boolean;
}

export const BAUDS = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] as const;
const LAST_UNIT = 255;

/** The place as the gateway wants to be told it. */
export function placeOf(where: Where): object {
  if (where.way === "serial") {
    return { serial: where.serial.trim(), baud: where.baud, parity: where.parity, stop_bits: where.stopBits };
  }
  if (where.way === "own") return { network: where.own, port: where.port, rtu: where.rtu };
  const hosts = where.hosts.split(/[\s,;]+/).filter((host) => host !== "");
  return { hosts, port: where.port, rtu: where.rtu };
}

/** `1-10,17` as numbers; null where it is none of that. */
export function unitsOf(text: string): number[] | null {
  const found: number[] = [];
  for (const part of text.split(",")) {
    const match = /^\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?\s*$/.exec(part);
    if (!match) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last > LAST_UNIT || last < first) return null;
    for (let unit = first; unit <= last; unit++) if (!found.includes(unit)) found.push(unit);
  }
  return found;
}

/** The same form, for the one line on which something was found. */
export function narrowed(where: Where, line: string): Where {
  if (line.startsWith("/")) return { ...where, way: "serial", serial: line };
  const end = line.lastIndexOf(":");
  const host = line.slice(0, end).replace(/^\[|\]$/g, "");
  return { ...where, way: "network", hosts: host, port: Number(line.slice(end + 1)) };
}
