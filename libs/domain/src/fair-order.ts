/** One organization's runs that wait, as the order sees them. */
export interface Waiting {
  organizationId: string;
  /** How many of its runs could be placed now. */
  runs: number;
}

/**
 * The order in which the next `slots` runs are taken: one of each organization in turn. The ring begins with whoever
 * was served longest ago, and no more of it is read than there are slots. Answers with organization ids, one per run.
 */
export function fairOrder(ring: Iterable<Waiting>, slots: number): string[] {
  const order: string[] = [];
  let turn: Iterable<Waiting> = ring;
  while (order.length < slots) {
    const more: Waiting[] = [];
    for (const { organizationId, runs } of turn) {
      if (runs <= 0) continue;
      order.push(organizationId);
      if (runs > 1) more.push({ organizationId, runs: runs - 1 });
      if (order.length === slots) return order;
    }
    if (more.length === 0) return order;
    turn = more;
  }
  return order;
}
