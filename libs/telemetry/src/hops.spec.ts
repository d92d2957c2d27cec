import { describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { lastHop, rememberHop } from './hops.ts';
import { runOfTrace, traceOfRun } from './trace-ids.ts';

const hop = (traceId: string, spanId: string) => ({ traceId, spanId, traceFlags: 1 });

describe('what was heard of a run', () => {
  it('is known by its trace, the latest only', () => {
    rememberHop(hop('a', '1'));
    rememberHop(hop('b', '2'));
    rememberHop(hop('a', '3'));
    expect([lastHop('a')?.spanId, lastHop('b')?.spanId, lastHop('c')]).toEqual(['3', '2', undefined]);
  });

  it('is forgotten when ten thousand others were heard of since', () => {
    rememberHop(hop('old', '1'));
    rememberHop(hop('kept', '2'));
    for (let index = 0; index < 9_999; index += 1) rememberHop(hop(`other-${index}`, '3'));
    expect([lastHop('old'), lastHop('kept')?.spanId]).toEqual([undefined, '2']);
  });
});

describe('the trace of a run', () => {
  it('has the id of the run, and tells it', () => {
    const runId = newId();
    expect(traceOfRun(runId)).toMatch(/^[0-9a-f]{32}$/);
    expect(runOfTrace(traceOfRun(runId))).toBe(runId);
  });
});
