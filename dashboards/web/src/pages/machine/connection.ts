import type { Where } from "../assistant/place";

type Said = Record<string, unknown>;

/** The part of a file that says of one device how it is reached and what it is. */
export function deviceOf(content: Said, device: number): Said {
  const listed = content["devices"];
  return Array.isArray(listed) ? ((listed[device] ?? {}) as Said) : content;
}

/** The form of a place, from what the file says. */
export function whereOf(connect: Said): Where {
  const serial = connect["type"] === "modbus-rtu";
  const text = (key: string) => (typeof connect[key] === "string" ? connect[key] : "");
  const number = (key: string, usual: number) => (typeof connect[key] === "number" ? connect[key] : usual);
  return {
    way: serial ? "serial" : "network",
    hosts: text("host"),
    own: "",
    port: number("port", 502),
    rtu: connect["type"] === "modbus-rtu-over-tcp",
    serial: serial ? text("port") : "",
    baud: number("baud", 9600),
    parity: (text("parity") || "none") as Where["parity"],
    stopBits: number("stop_bits", 1) as Where["stopBits"],
  };
}

/** The unit that the file says. */
export function unitOf(connect: Said): number {
  return typeof connect["unit"] === "number" ? connect["unit"] : 1;
}
