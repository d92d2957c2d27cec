import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FastifyInstance, fastify } from 'fastify';
import { takeRunId } from '#libs/telemetry';
import { type OtlpReceiver, traceInProcess, until } from '#libs/testing';
import { traceRequests } from './trace-requests.ts';

describe('a request', () => {
  let receiver: OtlpReceiver & { end(): Promise<void> };
  let server: FastifyInstance;
  let url: string;
  beforeAll(async () => {
    receiver = await traceInProcess();
    server = fastify();
    traceRequests(server, ({ headers }) => headers['x-organization']?.toString());
    server.get('/v1/things/:id', async () => {
      await new Promise(setImmediate);
      return { ids: [takeRunId(), takeRunId()] };
    });
    server.get('/healthz', async () => ({}));
    server.get('/broken', async () => {
      throw new Error('hunter2');
    });
    url = await server.listen({ port: 0 });
  });
  afterAll(async () => {
    await server.close();
    await receiver.end();
  });

  const spanNamed = (name: string) =>
    until(`a span ${name}`, () => receiver.spans.find((span) => span.name === name));

  it('has a span by its route, with the organization, and no path or query', async () => {
    await fetch(`${url}/v1/things/hunter2?key=hunter2`, { headers: { 'x-organization': 'o1' } });
    const span = await spanNamed('GET /v1/things/{id}');
    expect(span).toMatchObject({ parentId: '', kind: 2, isError: false, links: [] });
    expect(span.attributes).toEqual({
      'http.request.method': 'GET',
      'http.route': '/v1/things/{id}',
      'http.response.status_code': 200,
      'headgate.organization.id': 'o1',
    });
    expect(Buffer.concat(receiver.bodies).includes('hunter2')).toBe(false);
  });

  it('gives its first run the id of its trace, and no other', async () => {
    const before = receiver.spans.length;
    const { ids } = (await (await fetch(`${url}/v1/things/1`)).json()) as { ids: string[] };
    const span = await until('its span', () => receiver.spans[before]);
    expect(ids).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), null]);
    expect(ids[0]?.replaceAll('-', '')).toBe(span.traceId);
  });

  it('is in nobody else’s trace, whatever it says', async () => {
    for (const traceparent of ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'hunter2']) {
      const before = receiver.spans.length;
      await fetch(`${url}/v1/things/1`, { headers: { traceparent } });
      const { traceId, links } = await until('its span', () => receiver.spans[before]);
      expect(traceId).not.toBe('0af7651916cd43dd8448eb211c80319c');
      expect(links.map((link) => link.spanId)).toEqual(traceparent === 'hunter2' ? [] : ['b7ad6b7169203331']);
    }
  });

  it('that fails for our fault is an error, and says nothing of why', async () => {
    await fetch(`${url}/broken`);
    expect(await spanNamed('GET /broken')).toMatchObject({
      isError: true,
      attributes: { 'http.response.status_code': 500 },
    });
  });

  it('of no route has no name of its own, and one that only asks whether we live has no span', async () => {
    await fetch(`${url}/healthz`);
    await fetch(`${url}/nowhere/hunter2`);
    expect(await spanNamed('GET')).toMatchObject({ attributes: { 'http.response.status_code': 404 } });
    expect(receiver.spans.filter(({ name }) => name.includes('healthz'))).toEqual([]);
    expect(Buffer.concat(receiver.bodies).includes('hunter2')).toBe(false);
  });
});
