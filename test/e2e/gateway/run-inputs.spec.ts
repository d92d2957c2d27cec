import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chain, chatInput, chatOutput, echoFlow, fault, prompt, type Tenant, TestRing } from '#libs/testing';
import { type EventView, endedRun, type Listed, type RunView } from './world.ts';

interface Refused {
  code: string;
  nodes: string[];
  detail: string;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('the input of a run', () => {
  let ring: TestRing;
  let tenant: Tenant;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    await tenant.deploy('echo', echoFlow());
  });
  afterAll(() => ring.dispose());

  const path = (name: string) => `/v1/deployments/${name}/runs?wait=20`;
  const run = (input: unknown, name = 'echo') => tenant.api.post<RunView & Refused>(path(name), { input });
  /** The input as JSON text that no program would write. */
  const raw = (input: string) =>
    tenant.api.send<RunView & Refused>('POST', path('echo'), `{"input":${input}}`, JSON_TYPE);
  const again = async (id: string) => (await tenant.api.get<RunView>(`/v1/runs/${id}`)).body;
  const count = async () => (await ring.rows('select from run')).length;

  it.each([
    ['half a character', '"\\ud800"'],
    ['half a character deep inside', '{"a":["\\udc00x"]}'],
    ['half a character in a name', '{"\\ud83d":1}'],
    ['halves in the wrong order', '"\\ude00\\ud83d"'],
    ['257 levels', nested(257)],
    ['very many levels', nested(100_000)],
    ['a number that is not finite', '1e400'],
    ['a number that is not finite, inside', '[{"a":-1e999}]'],
  ])('is refused with %s, and no run is made', async (_what, input) => {
    const before = await count();
    const { status, body } = await raw(input);
    expect([status, body.code]).toEqual([422, 'run.input_invalid']);
    expect(await count()).toBe(before);
  });

  it.each([
    ['a NUL', 'a\u0000b\u0000'],
    ['whole characters outside the first plane', '👩🏽‍🚀 𝒳'],
    ['quotes, backslashes and line ends', '"\\"\\n\r\n\u2028\u2029 \t'],
    ['what looks like an escape', '\\u0000 \\ud800'],
    ['control characters', '\u0001\u001b[31m\u007f\ufffd\ufeff'],
    ['nothing', ''],
  ])('comes back unharmed with %s', async (_what, input) => {
    const { status, body } = await run(input);
    expect([status, body.status]).toEqual([200, 'succeeded']);
    expect(body.input).toBe(input);
    expect(body.output?.text).toBe(input);
    expect(await again(body.id)).toEqual(body);
  });

  it('may be any JSON, 256 levels deep', async () => {
    for (const input of [
      'null',
      '0',
      '-1.5e-7',
      'false',
      '[]',
      '{}',
      '{"a":{"b":[1,null,"x"]}}',
      nested(256),
    ]) {
      const { status, body } = await raw(input);
      expect([input.slice(0, 20), status]).toEqual([input.slice(0, 20), 200]);
      expect(body.input).toEqual(JSON.parse(input));
      expect((await again(body.id)).input).toEqual(JSON.parse(input));
    }
  });

  it('may be left out, and then the flow has its own', async () => {
    const { status, body } = await tenant.api.post<RunView>(path('echo'), {});
    expect([status, body.status, body.input]).toEqual([200, 'succeeded', null]);
  });

  it('comes back whole where it is too large for a row, and so does the output', async () => {
    for (const length of [65_534, 65_535, 300_000]) {
      const input = `${'é'.repeat(100)}${'x'.repeat(length - 200)}`;
      const { status, body } = await run(input);
      expect([status, body.status]).toEqual([200, 'succeeded']);
      expect(body.input === input).toBe(true);
      expect(body.output?.text === input).toBe(true);
      expect(body.output?.outputs['ChatOutput-1']?.content === input).toBe(true);
      expect(body.output?.outputs['ChatOutput-1']).not.toHaveProperty('blob');
      expect(JSON.stringify(await again(body.id)) === JSON.stringify(body)).toBe(true);
      const [row] = await ring.rows<{ isInline: boolean }>(
        'select input is not null as "isInline" from run where id = $1',
        [body.id],
      );
      expect([length, row?.isInline]).toEqual([length, length === 65_534]);
    }
  });

  it('comes back whole where the output alone is large', async () => {
    await tenant.deploy('grows', chain(chatInput(), fault('TestLarge', 'Large-1', 1_000_000), chatOutput()));
    const { body } = await run('small', 'grows');
    expect(body.output?.text?.length).toBe(1_000_000);
    const { body: page } = await tenant.api.get<Listed<EventView>>(`/v1/runs/${body.id}/events?limit=200`);
    // the log itself holds a name for it
    expect(JSON.stringify(page).length).toBeLessThan(100_000);
    const list = await tenant.api.get<Listed<RunView>>('/v1/runs?limit=1');
    expect(JSON.stringify(list.body).length).toBeLessThan(100_000);
  });

  it('is not larger than a body may be', async () => {
    const { status, body } = await run('x'.repeat(1_048_576));
    expect([status, body.code]).toEqual([413, 'request.too_large']);
  });

  it('needs a flow that takes one', async () => {
    await tenant.deploy('mute', chain(prompt('Prompt-1', 'always this', []), chatOutput()));
    const { status, body } = await run('x', 'mute');
    expect([status, body.code, body.nodes]).toEqual([422, 'run.input_ambiguous', []]);
    const without = await tenant.api.post<RunView>(path('mute'), {});
    expect([without.status, without.body.output?.text]).toEqual([200, 'always this']);
  });

  it('needs one place to go to: of two the nodes are named', async () => {
    const flow = chain(chatInput('First-1'), chatOutput());
    const second = chain(chatInput('Second-1'), chatOutput('ChatOutput-2'));
    await tenant.deploy('twofold', {
      nodes: [...(flow['nodes'] as []), ...(second['nodes'] as [])],
      edges: [...(flow['edges'] as []), ...(second['edges'] as [])],
    });
    const { status, body } = await run('x', 'twofold');
    expect([status, body.code, body.nodes]).toEqual([422, 'run.input_ambiguous', ['First-1', 'Second-1']]);
    expect(body.detail).toContain('First-1');
    expect((await tenant.api.post<RunView>(path('twofold'), {})).body.status).toBe('succeeded');
  });

  it('that is refused does no harm to one that comes in the same moment', async () => {
    const inputs = Array.from({ length: 24 }, (_, index) =>
      index % 3 === 0 ? '"\\ud800"' : `"good ${index}"`,
    );
    const answers = await Promise.all(inputs.map(raw));
    answers.forEach(({ status, body }, index) => {
      if (index % 3 === 0) expect([status, body.code]).toEqual([422, 'run.input_invalid']);
      else expect([status, body.output?.text]).toEqual([200, `good ${index}`]);
    });
  });

  it('of a bad event ends that run alone', async () => {
    await tenant.deploy('half', chain(chatInput(), fault('TestText', 'Text-1', 1), chatOutput()));
    await tenant.deploy('nul', chain(chatInput(), fault('TestText', 'Text-1', 2), chatOutput()));
    const start = async (name: string) =>
      (await tenant.api.post<RunView>(`/v1/deployments/${name}/runs`, { input: 'x' })).body.id;
    const [half, nul, echo] = await Promise.all([start('half'), start('nul'), start('echo')]);
    expect(await endedRun(tenant.api, half)).toMatchObject({
      status: 'failed',
      error: { code: 'run.bad_event' },
    });
    expect((await endedRun(tenant.api, nul)).output?.text).toBe('x\u0000');
    expect((await endedRun(tenant.api, echo)).output?.text).toBe('x');
  });
});
