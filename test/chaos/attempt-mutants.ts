import { TOPICS } from '#libs/contracts';
import { until } from '#libs/testing';
import { leaderOf, losesItsRunner, type Mutant, waits } from './mutant.ts';

/** The product with one fault each in what it makes of attempts. */
export const ATTEMPT_MUTANTS: Readonly<Record<string, Mutant>> = {
  'an executor that lost an attempt is heard': {
    breaks: 'an attempt is over when the next one begins',
    ...losesItsRunner,
    mutate: (scripted) =>
      scripted.meddle(
        'run_event',
        'before insert',
        `if new.type = 'node.completed' and new.attempt = 2 then new.attempt := 1; end if; return new;`,
      ),
  },

  'a result is taken from elsewhere': {
    breaks: 'an attempt is over when the next one begins',
    ...waits,
    mutate: (scripted) =>
      scripted.meddle(
        'run',
        'before update',
        `new.output := json_build_object('text', 'another'); return new;`,
      ),
  },

  'a checkpoint is of what was never completed': {
    breaks: 'an attempt is over when the next one begins',
    ...losesItsRunner,
    mutate: (scripted) =>
      scripted.meddle(
        'run_event',
        'before insert',
        `if new.type = 'node.completed' and new.attempt = 1 then new.data := '{"nodeId":"Other","iteration":0}'; end if; return new;`,
      ),
  },

  'a cancel is told to nobody': {
    breaks: 'a cancelled run gets no further attempt',
    flow: 'slow',
    async script(scripted) {
      const { ring } = scripted;
      const begun = async () =>
        (await ring.rows(`select from run_event where type = 'node.completed'`)).length;
      const before = await begun();
      const calling = scripted.call('slow', 'cancel');
      await until('it runs', async () => (await begun()) > before);
      await calling;
      for (const pid of ring.standalone.executor.pool.processIds()) process.kill(pid, 'SIGKILL');
      await until('it has ended', async () => (await ring.rows('select from run_live')).length === 0);
    },
    async mutate(scripted) {
      const { bus } = scripted;
      bus.fault = ({ topic }) => ({ copies: topic === TOPICS.runTouched ? 0 : 1, delayMs: 0 });
      await scripted.meddle('run_live', 'before update', 'new.cancel_requested_at := null; return new;');
    },
  },

  'a cancel that was taken is forgotten': {
    breaks: 'a cancelled run gets no further attempt',
    flow: 'slow',
    script: (scripted) => scripted.call('slow', 'cancel'),
    mutate: (scripted) =>
      scripted.meddle(
        'run_event',
        'before insert',
        `if new.type = 'run.cancel_requested' then return null; end if; return new;`,
      ),
  },

  'an event that comes twice is written twice': {
    breaks: 'what comes again has no effect',
    ...waits,
    mutate: (scripted) =>
      scripted.meddle(
        'run_event',
        'after insert',
        `if new.type = 'node.completed' and pg_trigger_depth() = 1 then
           new.seq := new.seq + 100; insert into run_event select new.*;
         end if; return null;`,
      ),
  },

  'a run that is assigned is claimed again': {
    breaks: 'what comes again has no effect',
    ...waits,
    mutate: (scripted) =>
      scripted.meddle(
        'run_live',
        'before update',
        `if new.attempt > old.attempt then new.attempt := old.attempt + 2; end if; return new;`,
      ),
  },

  'another version is run': {
    breaks: 'a run runs its version',
    ...waits,
    async mutate({ ring }) {
      const { version } = leaderOf(ring)['placer']['options']['releases'];
      leaderOf(ring)['placer']['options']['releases'].version = function (id) {
        const found = version.call(this, id);
        return { ...found, contentHash: 'another' };
      };
    },
  },
};
