import { describe, expect, it, jest } from '@jest/globals';
import { until } from '#libs/testing';
import { Ending } from './ending.ts';

describe('the end of a process', () => {
  const make = (graceMs = 60_000) => {
    const told: string[] = [];
    const ending = new Ending(graceMs, (code, reason) =>
      told.push(reason === undefined ? `exit ${code}` : `exit ${code}: ${reason}`),
    );
    const step = (name: string, work: Promise<void> = Promise.resolve()) =>
      ending.add(() => {
        told.push(name);
        return work;
      });
    return { ending, told, step };
  };
  const never = new Promise<void>(() => undefined);

  it('puts away last what was begun first, and each once', async () => {
    const { ending, told, step } = make();
    step('first');
    step('second');
    await Promise.all([ending.end(3), ending.end(0)]);
    expect(told).toEqual(['second', 'first', 'exit 3']);
  });

  it('goes on where a step fails', async () => {
    const { ending, told, step } = make();
    const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    step('first');
    step('second', Promise.reject(new Error('it is stuck')));
    await ending.end(0);
    expect(said.mock.calls).toEqual([['Error: it is stuck\n']]);
    said.mockRestore();
    expect(told).toEqual(['second', 'first', 'exit 0']);
  });

  it('does not wait longer than its grace, and begins what is left', async () => {
    const { ending, told, step } = make(20);
    step('first');
    step('second', never);
    ending.asked();
    await until('it exits', () => told.length === 3);
    expect(told).toEqual([
      'second',
      'first',
      'exit 1: Headgate was ended before it had put all away (it took longer than 20 ms): the next start takes it up.',
    ]);
  });

  it('comes at once when it is asked for again, but one Ctrl-C may come twice', () => {
    const { ending, told, step } = make();
    step('only', never);
    const now = jest.spyOn(performance, 'now');
    now.mockReturnValue(1_000);
    ending.asked();
    now.mockReturnValue(1_500);
    ending.asked();
    expect(told).toEqual(['only']);
    now.mockReturnValue(1_501);
    ending.asked();
    now.mockRestore();
    expect(told).toEqual(['only', expect.stringMatching(/^exit 1: .*it was asked again/)]);
  });
});
