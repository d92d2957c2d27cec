import { describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { commandPartition, ExecutorCommand, type ExecutorCommandData } from './executor-command.contract.ts';

describe("the partition of an executor's commands", () => {
  it('is the same for whoever computes it, whenever', () => {
    const ids = ['', 'e1', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f', 'é'];
    expect(ids.map((id) => commandPartition(id))).toEqual([2, 15, 8, 14]);
    expect(ids.map((id) => commandPartition(id, 1_000))).toEqual([610, 735, 128, 878]);
  });

  it('is one that there is, and executors spread over all', () => {
    const partitions = Array.from({ length: 500 }, () => commandPartition(newId(), 4));
    expect(new Set(partitions)).toEqual(new Set([0, 1, 2, 3]));
    expect(commandPartition(newId(), 1)).toBe(0);
  });
});

describe('a command', () => {
  const attempts = [{ runId: 'r1', attempt: 2 }];

  it.each<[ExecutorCommandData]>([
    [{ kind: 'cancel', executorId: 'e1', runId: 'r1', attempt: 2 }],
    [{ kind: 'recorded', executorId: 'e1', attempts }],
    [{ kind: 'recorded', executorId: 'e1', attempts: [] }],
  ])('is one of those that there are: %j', (data) => {
    expect(ExecutorCommand.decode(ExecutorCommand.encode('o1', data).value).data).toEqual(data);
  });

  it.each([
    { kind: 'suspend', executorId: 'e1' },
    { kind: 'cancel', executorId: 'e1', runId: 'r1', attempt: 0 },
    { kind: 'cancel', executorId: 'e1', runId: 'r1', attempt: 1.5 },
    { kind: 'cancel', executorId: 'e1', runId: 'r1' },
    { kind: 'recorded', executorId: 'e1' },
    { kind: 'assign', executorId: 'e1', assignment: {} },
  ])('is refused otherwise: %j', (data) => {
    const envelope = { id: 'i', type: 'executor.command', orgId: 'o1', occurredAt: 'now', data };
    expect(() => ExecutorCommand.decode(Buffer.from(JSON.stringify(envelope)))).toThrow();
  });
});
