import type { RingOfParts } from './ring-of-parts.ts';

/** Said by an executor of an attempt that it has no more. */
export const LATE = 'said too late';

/** What a ring that is still breaks of its promises, one sentence each; each rule by its name. */
export const RING_RULES = {
  'an attempt that was taken away writes nothing': async (ring: RingOfParts) => {
    const late = await ring.rows<{ id: string }>(
      'select run_id as id from run_event where data::text like $1',
      [`%${LATE}%`],
    );
    return late.map(({ id }) => `in the log of ${id} stands what another said than who had it`);
  },

  'what was claimed is sent until it is there': async (ring: RingOfParts) => {
    const runs = await ring.rows<{ id: string }>(
      `select run_id as id from run_live where status = 'assigned'`,
    );
    const sent = new Set(ring.test.assignments().map(({ runId }) => runId));
    return runs.filter(({ id }) => !sent.has(id)).map(({ id }) => `nobody was sent ${id}`);
  },

  'a slot comes back with the end of its run': async (ring: RingOfParts) => {
    const ended = await ring.rows<{ id: string }>('select id from run where status is not null');
    return ended.filter(({ id }) => ring.term.claims.get(id)).map(({ id }) => `${id} still has its slot`);
  },

  'whoever could not be heard is not lost': async (ring: RingOfParts) => {
    const lost = await ring.rows<{ id: string }>(
      `select run_id as id from run_event where type = 'run.retried' and data->>'reason' = 'its executor was lost'`,
    );
    return lost.map(({ id }) => `${id} was taken from an executor that spoke`);
  },

  'only who leads claims': async (ring: RingOfParts) => {
    const claimed = await ring.rows<{ id: string }>(
      'select run_id as id from run_live where executor_id = $1',
      [ring.sentToByWhoLedBefore],
    );
    return claimed.map(({ id }) => `${id} was claimed by one who leads no more`);
  },

  'a poisoned event ends its run and no other': async (ring: RingOfParts) => {
    const failed = await ring.rows<{ id: string }>(`select id from run where status = 'failed'`);
    return failed.filter(({ id }) => !ring.poisoned.has(id)).map(({ id }) => `${id} was ended for another`);
  },
} as const satisfies Readonly<Record<string, (ring: RingOfParts) => Promise<string[]>>>;

export type RingRule = keyof typeof RING_RULES;
