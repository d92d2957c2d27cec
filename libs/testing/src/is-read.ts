import type { EmbeddedBus } from '#libs/bus';

/** Whether all that was said on a bus has been handled by whoever reads it. */
export function isRead(bus: EmbeddedBus): boolean {
  return [...bus['topics'].values()]
    .flat()
    .every((log) => log['cursors'].size === 0 || log['base'] === log.end);
}
