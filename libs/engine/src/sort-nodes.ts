import type { PlanNode } from './plan.ts';

/** An order in which every node stands behind what feeds it; undefined where there is a cycle. */
export function sortNodes(
  ids: readonly string[],
  inputs: ReadonlyMap<string, PlanNode['inputs']>,
): string[] | undefined {
  const waitingFor = new Map<string, Set<string>>();
  const readers = new Map<string, string[]>();
  for (const id of ids) {
    const sources = new Set(
      Object.values(inputs.get(id) ?? {}).flatMap((input) => input.from.map((from) => from.node)),
    );
    waitingFor.set(id, sources);
    for (const source of sources) {
      const known = readers.get(source);
      if (known) known.push(id);
      else readers.set(source, [id]);
    }
  }
  const order = ids.filter((id) => waitingFor.get(id)?.size === 0);
  for (const id of order) {
    for (const reader of readers.get(id) ?? []) {
      const waiting = waitingFor.get(reader);
      waiting?.delete(id);
      if (waiting?.size === 0) order.push(reader);
    }
  }
  return order.length === ids.length ? order : undefined;
}
