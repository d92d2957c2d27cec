import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DEFAULTS } from '#libs/domain';
import { chain, chatInput, chatOutput, TestRing, until } from '#libs/testing';

const PARTS = 100;
const FLOOD = {
  ...{ number: 1, kind: 'http', name: 'x'.repeat(64 * 1024), startedMs: 0, durationMs: 0 },
  ...{ status: 'ok', attributes: {} },
};

let ring: TestRing;
beforeAll(async () => {
  ring = await TestRing.start();
}, 60_000);
afterAll(() => ring.dispose());

it('the trace view of a run shows of an attempt no more than an executor may tell, whatever one has told', async () => {
  const { api, deploy } = await ring.tenant();
  await deploy('echo', chain(chatInput(), chatOutput()));
  const { body: run } = await api.post<{ id: string }>('/v1/deployments/echo/runs?wait=20', {
    input: 'hello',
  });
  const trace = () =>
    api.get<{ data: { kind: string }[] }>(`/v1/runs/${run.id}/trace`).then(({ body }) => body.data);
  const told = await until('its root is there', async () => {
    const spans = await trace();
    return spans.some(({ kind }) => kind === 'attempt') && spans;
  });
  await ring.rows(
    `insert into run_span select run_day, org_id, run_id, attempt, 1000 + n, queue_ms, placement_ms, dropped,
       json_build_array($2::json) from run_span, generate_series(1, $3) n where run_id = $1 and part = 0`,
    [run.id, JSON.stringify(FLOOD), PARTS],
  );
  const shown = await trace();
  const flood = shown.filter(({ kind }) => kind === 'http').length;
  expect(shown).toHaveLength(told.length + flood);
  expect(flood * FLOOD.name.length).toBeLessThan(2 * DEFAULTS.attemptSpanBytes);
});
