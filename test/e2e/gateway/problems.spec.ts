import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERRORS, isErrorCode } from '#libs/kernel';
import { type Answer, createTestDatabase, DatabaseGate, type Tenant, TestRing, until } from '#libs/testing';
import { ROUTE_CASES, send } from './route-cases.ts';
import { makeWorld, type World } from './world.ts';

/** All that RFC 9457 and we ourselves promise of an error. */
function expectProblem({ status, headers, body }: Answer<Record<string, unknown>>): void {
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const code = String(body['code']);
  if (!isErrorCode(code)) throw new Error(`${code} is not in the table`);
  const entry: { title: string; status: number; retryable?: true } = ERRORS[code];
  expect(body).toMatchObject({
    type: `urn:headgate:problem:${code}`,
    title: entry.title,
    status: entry.status,
    detail: expect.stringMatching(/^\S.*\S$/s),
    instance: `urn:headgate:request:${body['requestId']}`,
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    retryable: entry.retryable ?? false,
  });
  expect(status).toBe(entry.status);
}

describe('an error', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let world: World;
  let gate: DatabaseGate;
  beforeAll(async () => {
    gate = await DatabaseGate.before(await createTestDatabase());
    ring = await TestRing.start({ databaseUrl: gate.url });
    tenant = await ring.tenant();
    world = await makeWorld(tenant);
  });
  afterAll(async () => {
    await gate.open();
    await ring.dispose();
    await gate.shut();
  });

  it('is a whole problem document, whatever went wrong', async () => {
    const { api } = tenant;
    const runner = await tenant.member('runner');
    const key = ring.client(world.token);
    const json = { 'content-type': 'application/json' };
    const answers: Answer<Record<string, unknown>>[] = [
      await ring.client().get('/v1/me'),
      await ring.client('nonsense').get('/v1/me'),
      await ring.client('a.b.c').get('/v1/me'),
      await runner.get('/v1/keys'),
      await key.get('/v1/keys'),
      await api.get('/v1/nothing'),
      await api.get('/v1/%'),
      await api.get(`/v1/runs/${tenant.projectId}`),
      await api.get('/v1/runs/x'),
      await api.get('/v1/runs?status=x'),
      await api.get('/blobs/x'),
      await api.post('/v1/projects', { name: 'main' }),
      await api.post(`/v1/projects/${tenant.projectId}/flows`, { name: 'x', definition: {} }),
      await api.send('POST', '/v1/projects', '{', json),
      await api.send('POST', '/v1/projects', 'x', { 'content-type': 'text/plain' }),
      await api.send('POST', '/v1/projects', `{"name":"${'x'.repeat(1_100_000)}"}`, json),
      await api.post('/v1/projects', { name: 'x' }, { 'idempotency-key': 'x'.repeat(256) }),
      await key.post(`/v1/deployments/${world.deployment}/runs`, { input: '\ud800' }),
      await key.get(`/v1/runs/${world.runId}/events`, { 'last-event-id': 'x', accept: 'text/event-stream' }),
      await ring.client().post('/v1/auth/login', { email: 'x', password: 'y' }),
      await ring.client().post('/v1/auth/refresh'),
      await ring.client().post('/v1/bootstrap', {}),
    ];
    expect(new Set(answers.map(({ body }) => body['code'])).size).toBeGreaterThan(12);
    for (const answer of answers) expectProblem(answer);
    const ids = answers.map(({ body }) => body['requestId']);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    ['is no request', 'nonsense\r\n\r\n', 'This is not a request of HTTP.'],
    [
      'has too many headers',
      `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
      'The headers are too large.',
    ],
  ])('is one where what comes %s', async (_what, sent, detail) => {
    const { hostname, port } = new URL(ring.url);
    const socket = connect(Number(port), hostname);
    socket.end(sent);
    const text = (await socket.setEncoding('utf8').toArray()).join('');
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    const headers = new Headers({ 'content-type': /content-type: (.*)/.exec(head)?.[1] ?? '' });
    const problem = JSON.parse(body) as Record<string, unknown>;
    expectProblem({ status: 400, headers, body: problem });
    expect(problem['detail']).toBe(detail);
  });

  it('of ours says nothing of its cause', async () => {
    await ring.rows('alter table api_key rename to api_key_away');
    try {
      const answer = await tenant.api.get<Record<string, unknown>>('/v1/keys');
      expect([answer.status, answer.body['code']]).toEqual([500, 'internal']);
      expectProblem(answer);
      expect(JSON.stringify(answer.body)).not.toMatch(/api_key|prisma|relation|select/i);
    } finally {
      await ring.rows('alter table api_key_away rename to api_key');
    }
    expect((await tenant.api.get('/v1/keys')).status).toBe(200);
  });

  it('is 503 with Retry-After while the database is away, and passes by itself', async () => {
    await gate.shut();
    // twice: first the connections that break, then those that cannot be made
    for (let round = 0; round < 2; round += 1) {
      for (const one of ROUTE_CASES) {
        const answer = await send(tenant.api, one, world);
        expect([one.method, one.route, answer.status]).toEqual([one.method, one.route, 503]);
        expect(answer.body['code']).toBe('service.unavailable');
        expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
        expectProblem(answer);
      }
      const login = await ring.client().post('/v1/auth/login', { email: 'x@example.com', password: 'y' });
      expect([login.status, login.body.code]).toEqual([503, 'service.unavailable']);
    }
    expect((await ring.client().get('/healthz')).status).toBe(200);
    const ready = await ring.client().get<{ status: string }>('/readyz');
    expect([ready.status, ready.body.status]).toEqual([503, 'unavailable']);

    await gate.open();
    await until('it works again', async () => (await tenant.api.get('/v1/me')).status === 200);
    const path = `/v1/deployments/${world.deployment}/runs?wait=20`;
    const run = await until('a run goes round again', async () => {
      const answer = await ring.client(world.token).post<{ status: string }>(path, { input: 'again' });
      return answer.status === 200 && answer;
    });
    expect(run.body.status).toBe('succeeded');
  });
});
