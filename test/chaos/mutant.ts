import { until } from '#libs/testing';
import type { HistoryRule } from './history.ts';
import type { ScriptedRing } from './scripted-ring.ts';

export interface Mutant {
  breaks: HistoryRule;
  flow: string;
  /** What is done to the ring, intact or not. */
  script: (scripted: ScriptedRing) => Promise<void>;
  /** Breaks the product in one place. */
  mutate: (scripted: ScriptedRing) => Promise<void>;
}

export const waits: Pick<Mutant, 'flow' | 'script'> = {
  flow: 'echo',
  script: (scripted) => scripted.call('echo', 'wait'),
};
export const leaves: Pick<Mutant, 'flow' | 'script'> = {
  flow: 'echo',
  script: (scripted) => scripted.call('echo', 'leave'),
};
export const ends: Pick<Mutant, 'flow' | 'script'> = {
  flow: 'echo',
  async script(scripted) {
    await scripted.call('echo', 'leave');
    // gives up only when the sweep should have come by
    await scripted.history(({ liveRuns }) => liveRuns === 0);
  },
};

/** Its runner dies between two nodes. */
export const losesItsRunner: Pick<Mutant, 'flow' | 'script'> = {
  flow: 'steps',
  async script(scripted) {
    const { ring } = scripted;
    const sleeping = async () =>
      (await ring.rows(`select from run_event where type = 'node.started' and data->>'nodeId' = 'Sleep-1'`))
        .length;
    const before = await sleeping();
    const calling = scripted.call('steps', 'wait');
    await until('the nodes before have run', async () => (await sleeping()) > before);
    for (const pid of ring.standalone.executor.pool.processIds()) process.kill(pid, 'SIGKILL');
    await calling;
  },
};

export function leaderOf({ standalone }: ScriptedRing['ring']) {
  const term = standalone.conductor['term'];
  if (!term) throw new Error('it does not lead');
  return term;
}
