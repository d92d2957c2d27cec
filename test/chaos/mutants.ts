import { TOPICS } from '#libs/contracts';
import { EventStream } from '#libs/http';
import { ATTEMPT_MUTANTS } from './attempt-mutants.ts';
import { ends, leaderOf, leaves, losesItsRunner, type Mutant, waits } from './mutant.ts';

/** The product with one fault each, by what it then does, and a script that shows it. */
export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'a key is forgotten': {
    breaks: 'what was accepted is there, once',
    flow: 'echo',
    script: (scripted) => scripted.call('echo', 'leave', { isRepeated: true }),
    mutate: (scripted) =>
      scripted.meddle(
        'idempotency',
        'after insert',
        'delete from idempotency where key = new.key; return null;',
      ),
  },

  'an accepted run is not kept': {
    breaks: 'what was accepted is there, once',
    ...leaves,
    mutate: (scripted) => scripted.meddle('run', 'before insert', 'return null;'),
  },

  'nobody looks for runs of which no hint told': {
    breaks: 'every run has ended',
    ...ends,
    async mutate({ bus, ring }) {
      bus.fault = ({ topic }) => ({ copies: topic === TOPICS.runTouched ? 0 : 1, delayMs: 0 });
      leaderOf(ring)['sweep'].run = async () => undefined;
    },
  },

  'a second end is written behind the first': {
    breaks: 'a log is whole and ends once',
    ...waits,
    mutate: (scripted) =>
      scripted.meddle(
        'run_event',
        'after insert',
        `if new.type = 'run.succeeded' and pg_trigger_depth() = 1 then
           new.seq := new.seq + 1; new.n := null; insert into run_event select new.*;
         end if; return null;`,
      ),
  },

  'no checkpoint is kept': {
    breaks: 'a completed node is not run again',
    ...losesItsRunner,
    mutate: (scripted) => scripted.meddle('run_checkpoint', 'before insert', 'return null;'),
  },

  'another output is kept than the run had': {
    breaks: 'what a run answers is right',
    ...waits,
    mutate: (scripted) =>
      scripted.meddle(
        'run',
        'before update',
        `new.output := json_build_object('text', 'another'); return new;`,
      ),
  },

  'a run is cancelled by nobody': {
    breaks: 'what a run answers is right',
    ...leaves,
    mutate: (scripted) => scripted.meddle('run', 'before update', `new.status := 'cancelled'; return new;`),
  },

  'the sweep ends what has ended': {
    breaks: 'an end that was told stays',
    ...waits,
    async mutate({ ring }) {
      const term = leaderOf(ring);
      term['sweep'].run = async () => {
        await term.session.query({ text: `update run set status = 'timed_out'` });
      };
    },
  },

  'an event is left out of a stream': {
    breaks: 'a stream is the log',
    flow: 'echo',
    script: (scripted) => scripted.call('echo', 'follow'),
    async mutate(scripted) {
      const { event } = EventStream.prototype;
      scripted.afterwards(() => {
        EventStream.prototype.event = event;
      });
      EventStream.prototype.event = function (this: EventStream, type, data, id) {
        if (id !== 2) event.call(this, type, data, id);
      };
    },
  },

  'runs are shown to everyone': {
    breaks: 'no organization sees another',
    flow: 'echo',
    script: (scripted) => scripted.call('echo', 'leave', { isSpied: true }),
    async mutate({ ring }) {
      await ring.rows('alter table run disable row level security');
    },
  },

  'an event is written down for another organization': {
    breaks: 'no organization sees another',
    ...waits,
    mutate: (scripted) =>
      scripted.meddle(
        'run_event',
        'before insert',
        `if new.type = 'node.completed' then new.org_id := gen_random_uuid(); end if; return new;`,
      ),
  },

  ...ATTEMPT_MUTANTS,

  'duplicates are not counted': {
    breaks: 'the counters add up',
    flow: 'echo',
    async script(scripted) {
      scripted.bus.fault = ({ topic }) => ({ copies: topic === TOPICS.runEvent ? 2 : 1, delayMs: 0 });
      await scripted.call('echo', 'wait');
    },
    async mutate({ ring }) {
      const { counters } = ring.standalone.recorder;
      Object.defineProperty(counters, 'duplicate', { get: () => 0, set: () => undefined, enumerable: true });
    },
  },

  'the recorder knows what it has never seen': {
    breaks: 'what was sent and not dropped was answered for',
    ...ends,
    async mutate({ ring }) {
      const { writer } = ring.standalone.recorder['events']['options'];
      writer.write = async ({ reports }) =>
        reports.map(({ append }) => ({ appended: append.events.map(() => ({ outcome: 'duplicate' })) }));
    },
  },

  'an executor counts no more what it sends': {
    breaks: 'what was sent and not dropped was answered for',
    ...waits,
    async mutate({ ring }) {
      const { outbox } = ring.standalone.executor;
      const { sentEvents } = outbox;
      Object.defineProperty(outbox, 'sentEvents', { get: () => sentEvents, set: () => undefined });
    },
  },

  'an event is said to be written, and is not': {
    breaks: 'what was written is in the log',
    ...waits,
    mutate: (scripted) =>
      scripted.meddle(
        'run_event',
        'before insert',
        `if new.type = 'node.completed' then return null; end if; return new;`,
      ),
  },

  'an event is written that nobody sent': {
    breaks: 'what was written is in the log',
    ...waits,
    mutate: (scripted) =>
      scripted.meddle(
        'run_event',
        'after insert',
        `if new.type = 'run.succeeded' and pg_trigger_depth() = 1 then
           new.seq := new.seq + 1; new.n := new.n + 1; insert into run_event select new.*;
         end if; return null;`,
      ),
  },
};
