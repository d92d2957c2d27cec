import type { ExecutorStatusData } from '#libs/contracts';
import { newId } from '#libs/kernel';

/** What an executor says of itself that has nothing to tell. */
export function executorStatus(more: Partial<ExecutorStatusData> = {}): ExecutorStatusData {
  return {
    executorId: newId(),
    maxRunners: 2,
    slotsPerRunner: 2,
    warm: {},
    held: [],
    done: [],
    eventOffsets: {},
    isDraining: false,
    isParked: false,
    pulse: 0,
    term: 1,
    ...more,
  };
}
