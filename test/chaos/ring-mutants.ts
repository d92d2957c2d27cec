import { setImmediate as turn } from 'node:timers/promises';
import { ExecutorCommand, TOPICS } from '#libs/contracts';
import {
  APPEND_MUTANTS,
  freeze,
  playExecutor,
  reported,
  reportedEvents,
  until,
  withMutant,
} from '#libs/testing';
import type { RingOfParts } from './ring-of-parts.ts';
import { LATE, type RingRule } from './ring-rules.ts';

interface RingMutant {
  breaks: RingRule;
  /** What is done to the ring, intact or not; it has at least one fault. */
  script: (ring: RingOfParts) => Promise<void>;
  /** Plays the script with the product broken in one place. */
  broken: (ring: RingOfParts, script: () => Promise<void>) => Promise<void>;
}

/** A run that ends, and the hint of its end, sent when it was written, is lost. */
async function endWithoutHint(ring: RingOfParts): Promise<() => Promise<void>> {
  const executorId = playExecutor();
  const assignment = await ring.assigned(executorId);
  const report = () => ring.report(executorId, assignment, reportedEvents(2, 'run.succeeded'));
  ring.fault = ({ topic }) => ({ copies: topic === TOPICS.runProgress ? 0 : 1, delayMs: 0 });
  await report();
  await ring.still();
  ring.fault = () => ({ copies: 1, delayMs: 0 });
  return report;
}

const SILENT_SECONDS = 6;
/** Longer than a claim may be unknown to its executor. */
const UNKNOWN_MS = 3_000;

/** The product with one fault each in the protocol of the ring, and the smallest script that shows it. */
export const RING_MUTANTS: Readonly<Record<string, RingMutant>> = {
  'the fence is off': {
    breaks: 'an attempt that was taken away writes nothing',
    async script(ring) {
      const [first, second] = [playExecutor(), playExecutor()];
      const start = reported(1, 'run.started');
      const late = reported(2, 'log', { data: JSON.stringify({ nodeId: 'n', level: 'info', text: LATE }) });
      const assignment = await ring.assigned(first);
      await ring.report(first, assignment, [start]);
      await ring.still();
      ring.test.heard({ executorId: first, isDraining: true });
      ring.test.heard({ executorId: second });
      const done = [{ ...assignment, outcome: 'returned' as const }];
      await ring.test.report({ executorId: first, isDraining: true, done });
      await ring.report(second, await ring.sent(assignment.runId, 2), [start]);
      await ring.still();
      await ring.report(first, assignment, [late]);
      await ring.still();
    },
    broken: ({ test }, script) =>
      withMutant(test.runs.database, 'append_events', APPEND_MUTANTS['no attempt of the owner'], script),
  },

  'what was lost on its way is not sent again': {
    breaks: 'what was claimed is sent until it is there',
    async script(ring) {
      const executorId = playExecutor();
      let lost = 0;
      ring.fault = ({ topic, value }) => {
        const isLost =
          lost === 0 &&
          topic === TOPICS.executorCommand &&
          ExecutorCommand.decode(value).data.kind === 'assign';
        if (isLost) lost += 1;
        return { copies: isLost ? 0 : 1, delayMs: 0 };
      };
      const { runId } = await ring.test.assigned(ring.runnable, executorId);
      await ring.still();
      const claim = ring.term.claims.get(runId);
      if (!claim || lost !== 1) throw new Error('no assignment was lost');
      claim.claimedAtMs -= UNKNOWN_MS;
      await ring.test.report({ executorId });
      await ring.still();
    },
    async broken({ term: { claims } }, script) {
      const reconcile = claims.reconcile.bind(claims);
      claims.reconcile = (...given) => ({ ...reconcile(...given), resend: [] });
      await script();
    },
  },

  'of duplicates nobody is told': {
    breaks: 'a slot comes back with the end of its run',
    async script(ring) {
      const sayAgain = await endWithoutHint(ring);
      await sayAgain();
      await ring.still();
    },
    async broken({ recorder }, script) {
      const { writer } = recorder['events']['options'];
      const tell = writer['tell'].bind(writer);
      Object.assign(writer, {
        tell: ((appends, appended) => {
          const isNew = appended.map((one) => one.some(({ outcome }) => outcome !== 'duplicate'));
          const news = <Item>(items: readonly Item[]) => items.filter((_, index) => isNew[index]);
          tell(news(appends), news(appended));
        }) satisfies typeof tell,
      });
      await script();
    },
  },

  'the conductor hears of no end': {
    breaks: 'a slot comes back with the end of its run',
    async script(ring) {
      const executorId = playExecutor();
      const assignment = await ring.assigned(executorId);
      await ring.report(executorId, assignment, reportedEvents(2, 'run.succeeded'));
      await ring.still();
    },
    async broken({ term }, script) {
      term['leases'].ended = () => undefined;
      await script();
    },
  },

  'silence counts while nobody could be heard': {
    breaks: 'whoever could not be heard is not lost',
    async script(ring) {
      const executorId = playExecutor();
      const { runId, attempt, organizationId } = await ring.assigned(executorId);
      const held = [{ organizationId, runId, attempt }];
      const { leases, probe } = { leases: ring.term['leases'], probe: ring.term['probe'] };
      const liveness = probe['liveness'];
      const [probeCame, heard] = [liveness.probeCame.bind(liveness), leases.heard.bind(leases)];
      let clockMs = 0;
      liveness.probeCame = () => probeCame(clockMs);
      const second = async () => {
        clockMs += 1_000;
        await ring.test.report({ executorId, held });
        await probe['send']();
      };
      await second();
      await ring.still();
      const thawed = Promise.withResolvers<void>();
      leases.heard = async (status) => {
        await thawed.promise;
        return heard(status);
      };
      for (let passed = 0; passed < SILENT_SECONDS; passed += 1) {
        await second();
        // whatever can be read beside it is read
        for (let turns = 0; turns < 20; turns += 1) await turn();
      }
      thawed.resolve();
      await ring.still();
      await second();
      await ring.still();
    },
    async broken({ term }, script) {
      const liveness = term['probe']['liveness'];
      let lastMs: number | undefined;
      liveness.probeCame = (nowMs) => {
        liveness['healthyMs'] += nowMs - (lastMs ?? nowMs);
        lastMs = nowMs;
      };
      await script();
    },
  },

  'claims go through the pool': {
    breaks: 'only who leads claims',
    async script(ring) {
      const { test, runnable, leadership, sentToByWhoLedBefore: executorId } = ring;
      const { runId } = await test.runs.queued(runnable);
      const kekId = runId;
      const { store } = ring.term['placer']['options'];
      const { thaw } = freeze(leadership);
      const other = await ring.standby();
      await until('the other leads', () => other.isLeading);
      // what it had in hand when it was frozen
      const claiming = store.claim([{ run: { ...runnable, runId }, executorId, kekId }]).catch(() => []);
      thaw();
      await claiming;
    },
    async broken({ term, test }, script) {
      const pool = test.runs.pool('hg_conductor');
      const { store } = term['placer']['options'];
      const session = Object.create(store['session']) as (typeof store)['session'];
      session.query = async <Row extends object>({ text, values }: { text: string; values?: unknown[] }) =>
        (await pool.query<Row>(text, values)).rows;
      Object.assign(store, { session });
      await script();
    },
  },

  'a batch is not bisected': {
    breaks: 'a poisoned event ends its run and no other',
    async script(ring) {
      const executorId = playExecutor();
      const good = await ring.assigned(executorId);
      const bad = await ring.assigned(executorId);
      ring.poisoned.add(bad.runId);
      const said = [
        ring.report(executorId, good, reportedEvents(2)),
        ring.report(executorId, bad, [reported(1, 'run.started'), reported(2, 'log', { data: '{' })]),
      ];
      await Promise.all(said);
      await ring.still();
    },
    async broken({ recorder }, script) {
      const { writer } = recorder['events']['options'];
      const end = writer['endPoisoned'].bind(writer);
      const writeParts: (typeof writer)['writeParts'] = async (reports, flaw) => {
        for (const { append } of reports) await end(append, flaw);
        return reports.map(() => ({ poisoned: flaw }));
      };
      Object.assign(writer, { writeParts });
      await script();
    },
  },
};
