import type { Machine, Signal } from "../../api";

/**
 * Which signals tell what this machine does, one group a chart: a furnace by temperature and
 * phase currents, a milling machine by its power, a machine with an I/O module by its counter.
 */
export function mainSignals(machine: Machine): Signal[][] {
  const role = (...names: string[]) =>
    names.flatMap((name) => machine.signals.filter((signal) => signal.role === name));
  const heat = role("temperature", "setpoint");
  if (heat.length) return [heat, role("current-l1", "current-l2", "current-l3")].filter(some);
  const power = role("power");
  if (power.length) return [power];
  const count = role("good-count");
  return count.length ? [count] : machine.signals.slice(0, 1).map((signal) => [signal]);
}

/** The signal whose value is worth being traced back first. */
export function tracedSignal(machine: Machine): Signal | undefined {
  const wanted = ["power", "good-count", "temperature"];
  for (const role of wanted) {
    const found = machine.signals.find((signal) => signal.role === role);
    if (found) return found;
  }
  return machine.signals[0];
}

const some = (group: Signal[]) => group.length > 0;
