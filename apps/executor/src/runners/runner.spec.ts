import { describe, expect, it } from '@jest/globals';
import { DEFAULTS } from '#libs/domain';
import { NO_PROGRAM, ScriptedDriver } from '../../../../libs/testing/src/scripted-driver.ts';
import { type RunInRunner, Runner, type StartRun } from './runner.ts';

const START: StartRun = {
  planHash: 'p1',
  plan: { nodes: [] },
  frame: { idSeed: 'r', sessionId: 's', variables: {}, completed: [] },
};

function runner() {
  const driver = new ScriptedDriver();
  const changes: string[] = [];
  const made = new Runner(driver, NO_PROGRAM, (one) =>
    changes.push(one.isDead ? 'dead' : `load ${one.load}`),
  );
  const told: Record<number, unknown[]> = {};
  const listener = (name: number): RunInRunner => {
    const heard: unknown[] = [];
    told[name] = heard;
    return { frame: (frame) => heard.push(frame), lost: (because) => heard.push(because) };
  };
  const startRun = (name: number, more: Partial<StartRun> = {}) => {
    made.reserve('o1', false);
    return made.start({ ...START, ...more }, listener(name));
  };
  return { made, sandbox: driver.sandbox(0), changes, told, startRun };
}

describe('a runner', () => {
  it('is handed each plan once', () => {
    const { sandbox, startRun } = runner();
    expect([startRun(1), startRun(2), startRun(3, { planHash: 'p2' })]).toEqual([1, 2, 3]);
    expect(sandbox.sent).toEqual([
      { kind: 'start', run: 1, planHash: 'p1', plan: START.plan, ...START.frame },
      { kind: 'start', run: 2, planHash: 'p1', ...START.frame },
      { kind: 'start', run: 3, planHash: 'p2', plan: START.plan, ...START.frame },
    ]);
  });

  it('tells each run its own frames, and nobody those of a run that is over', () => {
    const { made, sandbox, told, startRun } = runner();
    startRun(1);
    startRun(2);
    const log = (run: number) => ({ kind: 'event', run, type: 'log', data: run });
    sandbox.say(log(2));
    sandbox.say(log(1));
    made.release(1);
    sandbox.say(log(1));
    sandbox.say(log(9));
    expect(told).toEqual({ 1: [log(1)], 2: [log(2)] });
  });

  it('counts seats that are given and those that are taken, and says when one is free', () => {
    const { made, changes, startRun } = runner();
    startRun(1);
    made.reserve('o1', false);
    expect([made.load, made.freeSlots]).toEqual([2, DEFAULTS.slotsPerRunner - 2]);
    made.leave();
    made.release(1);
    made.release(1);
    expect(changes).toEqual(['load 1', 'load 0']);
  });

  it('has no free slot while a run has it for itself, or when it is to end', () => {
    const { made } = runner();
    made.reserve('o1', true);
    expect(made.freeSlots).toBe(0);
    made.leave();
    expect(made.freeSlots).toBe(DEFAULTS.slotsPerRunner);
    made.isRetiring = true;
    expect(made.freeSlots).toBe(0);
  });

  it('that crashes loses all its runs', () => {
    const { sandbox, told, changes, startRun } = runner();
    startRun(1);
    startRun(2);
    sandbox.exit();
    expect(told).toEqual({ 1: ['crashed'], 2: ['crashed'] });
    expect(changes).toEqual(['dead']);
  });

  it('that is killed for one run takes the others along, and says for whom', () => {
    const { made, sandbox, told, startRun } = runner();
    startRun(1);
    startRun(2);
    startRun(3);
    made.killFor(2);
    made.killFor(3);
    expect(sandbox.isKilled).toBe(true);
    sandbox.exit();
    expect(told).toEqual({
      1: ['killed_for_neighbour'],
      2: ['killed_for_this_run'],
      3: ['killed_for_neighbour'],
    });
  });

  it('is not killed for a run that is over', () => {
    const { made, sandbox, startRun } = runner();
    startRun(1);
    made.release(1);
    made.killFor(1);
    expect(sandbox.isKilled).toBe(false);
  });

  it('that does not speak the protocol is killed', () => {
    const { sandbox } = runner();
    sandbox.say({ kind: 'event', run: 1, type: 'run.succeeded', data: {} });
    expect(sandbox.isKilled).toBe(true);
  });

  it('that is dead is sent nothing more', () => {
    const { made, sandbox } = runner();
    sandbox.exit('it ended with SIGKILL');
    made.send({ kind: 'cancel', run: 1 });
    expect(sandbox.sent).toEqual([]);
    expect(made.exitReason).toBe('it ended with SIGKILL');
  });
});
