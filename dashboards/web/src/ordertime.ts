type Clocked = { clock: { began: string; at_s: number } | null; lapse: number; ended_s?: number | null };

/** The order time at a real moment (ms), in seconds: it stands still once the order is over. */
export function orderNow(order: Clocked, real: number): number | null {
  if (!order.clock) return null;
  const now = order.clock.at_s + ((real - Date.parse(order.clock.began)) / 1000) * order.lapse;
  return Math.min(now, order.ended_s ?? Infinity);
}

/** The real moment (ms) of an order time. */
export function realTime(order: Clocked, seconds: number): number | null {
  if (!order.clock) return null;
  return Date.parse(order.clock.began) + ((seconds - order.clock.at_s) / order.lapse) * 1000;
}
