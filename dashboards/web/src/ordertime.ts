import type { Order } from "./api";

type Clocked = { clock: { began: string; at_s: number } | null; lapse: number };

/** The order time at a real moment (ms), in seconds. */
export function orderNow(order: Clocked, real: number): number | null {
  if (!order.clock) return null;
  return order.clock.at_s + ((real - Date.parse(order.clock.began)) / 1000) * order.lapse;
}

/** The real moment (ms) of an order time. */
export function realTime(order: Clocked, seconds: number): number | null {
  if (!order.clock) return null;
  return Date.parse(order.clock.began) + ((seconds - order.clock.at_s) / order.lapse) * 1000;
}

/** The order time to show: it stands still once the last set is packed. */
export function shownTime(order: Order, real: number): number | null {
  const now = orderNow(order, real);
  if (now === null) return null;
  const finished = order.complete !== undefined && order.complete === order.quantity;
  return finished && order.forecast_s ? Math.min(now, order.forecast_s) : now;
}
