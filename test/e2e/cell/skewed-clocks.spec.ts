import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import {
  ApiClient,
  chain,
  chatInput,
  chatOutput,
  fault,
  KAFKA_WITHIN_MS,
  type Tenant,
  TestCell,
  withKafka,
} from '#libs/testing';
import type { RunView } from '../gateway/world.ts';

const HOUR_MS = 3_600_000;
const SOON_MS = 60_000;

withKafka(describe)('a cell whose machines are an hour ahead and an hour behind', () => {
  let cell: TestCell;
  let tenant: Tenant;
  beforeAll(async () => {
    cell = await TestCell.create();
    // who grants large values is behind who is asked for them
    await cell.startAll({ gateway: 2 }, (role, index) =>
      role === 'gateway' && index === 0 ? HOUR_MS : -HOUR_MS,
    );
    tenant = await cell.tenant();
  }, KAFKA_WITHIN_MS);
  afterAll(() => cell.dispose(), 60_000);

  const keyUntil = async (expiresAtMs: number) => {
    const { id } = await tenant.deploy(`d-${expiresAtMs}`, chain(chatInput(), chatOutput()));
    const expiresAt = new Date(expiresAtMs).toISOString();
    const given = { name: 'k', kind: 'flow', deploymentIds: [id], expiresAt };
    return (await tenant.api.post<{ token: string }>('/v1/keys', given)).body.token;
  };

  it('knows at each gateway when a key has expired', async () => {
    const soon = await keyUntil(Date.now() + SOON_MS);
    const past = await keyUntil(Date.now() - SOON_MS);
    for (const { url } of cell.of('gateway')) {
      const answers = await Promise.all(
        [soon, past].map((token) => new ApiClient(url, token).get(`/v1/runs/${newId()}`)),
      );
      expect(answers.map(({ body }) => body.code)).toEqual(['resource.not_found', 'key.expired']);
    }
  }, 30_000);

  it('takes access tokens at each gateway for as long as they are meant to last', async () => {
    for (const { url } of cell.of('gateway'))
      expect((await new ApiClient(url, tenant.api['token']).get('/v1/me')).status).toBe(200);
  });

  it('serves large values that were granted on another machine', async () => {
    await tenant.deploy('large', chain(chatInput(), fault('TestLarge', 'Large-1', 300_000), chatOutput()));
    const { status, body } = await tenant.api.post<RunView>(
      '/v1/deployments/large/runs',
      { input: 'hello' },
      { prefer: 'wait=20' },
    );
    expect([status, body.status, body.error]).toEqual([200, 'succeeded', null]);
  }, 30_000);

  it('gives runs ids that carry the time of the database', async () => {
    const runs = await Promise.all(
      cell.of('gateway').map(({ url }) =>
        new ApiClient(url, tenant.api['token']).post<RunView>('/v1/deployments/large/runs', {
          input: 'hello',
        }),
      ),
    );
    const times = await cell.rows<{ apart: number }>(
      `select abs(extract(epoch from created_at - to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)))::float8 as apart
       from run where id = any($1)`,
      [runs.map(({ body }) => body.id)],
    );
    expect(times.map(({ apart }) => apart < 10)).toEqual([true, true]);
  });
});
