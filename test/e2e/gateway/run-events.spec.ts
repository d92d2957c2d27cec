import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newId } from '#libs/kernel';
import { promptChain, sleepingFlow, type Tenant, TestRing } from '#libs/testing';
import type { EventView, Listed, RunView } from './world.ts';

describe("a run's events", () => {
  let ring: TestRing;
  let tenant: Tenant;
  let id: string;
  let log: EventView[];
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    await tenant.deploy('long', promptChain(12));
    await tenant.deploy('slow', sleepingFlow(150));
    const { body } = await tenant.api.post<RunView>('/v1/deployments/long/runs?wait=20', { input: 'x' });
    id = body.id;
    log = (await page(`limit=200`)).data;
  });
  afterAll(() => ring.dispose());

  const page = async (query: string) =>
    (await tenant.api.get<Listed<EventView>>(`/v1/runs/${id}/events?${query}`)).body;
  const follow = async (runId: string, query = '', headers: Record<string, string> = {}) => {
    const { events } = await tenant.api.stream(`/v1/runs/${runId}/events${query}`, { headers });
    const frames = [];
    for await (const frame of events) frames.push(frame);
    return frames;
  };
  const seqs = (frames: { id: string | undefined }[]) => frames.map((frame) => Number(frame.id));

  it('count from one without a gap and end with the end', () => {
    expect(log.length).toBeGreaterThan(30);
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
    expect(log.map(({ type }) => type).filter((type) => type.startsWith('run.'))).toEqual([
      'run.queued',
      'run.started',
      'run.succeeded',
    ]);
    expect(log.at(-1)?.type).toBe('run.succeeded');
    for (const event of log)
      expect(Object.keys(event).sort()).toEqual(['at', 'attempt', 'data', 'seq', 'type']);
  });

  it('come in pages of any size', async () => {
    for (const limit of [1, 7, log.length - 1, log.length, 200]) {
      const pages: EventView[][] = [];
      for (let cursor: string | null = '0'; cursor !== null; ) {
        const { data, nextCursor }: Listed<EventView> = await page(`limit=${limit}&cursor=${cursor}`);
        pages.push(data);
        cursor = nextCursor;
      }
      expect(pages.flat()).toEqual(log);
      expect(pages).toHaveLength(Math.ceil(log.length / limit));
    }
    expect(await page(`after=${log.length - 1}`)).toEqual({ data: [log.at(-1)], nextCursor: null });
    expect(await page(`after=${log.length}`)).toEqual({ data: [], nextCursor: null });
    expect(await page('after=100000')).toEqual({ data: [], nextCursor: null });
  });

  it('are streamed from every place in the log, by either name of it, up to the end', async () => {
    const places = Array.from({ length: log.length + 2 }, (_, after) => after);
    await Promise.all(
      places.map(async (after) => {
        const wanted = [...log.slice(after).map(({ seq }) => seq), Number.NaN];
        expect(seqs(await follow(id, `?after=${after}`))).toEqual(wanted);
        expect(seqs(await follow(id, '', { 'last-event-id': String(after) }))).toEqual(wanted);
      }),
    );
    const both = await follow(id, '?after=1', { 'last-event-id': '5' });
    expect(both[0]?.id).toBe('6');
  });

  it('are exactly the log for a reader that is cut off anywhere and resumes, while the run goes on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (cuts, isSlow) => {
          const name = isSlow ? 'slow' : 'long';
          const started = await tenant.api.post<RunView>(`/v1/deployments/${name}/runs`, { input: newId() });
          const runId = started.body.id;
          const read: EventView[] = [];
          for (const cut of [...cuts, Number.POSITIVE_INFINITY]) {
            const reader = new AbortController();
            const { events } = await tenant.api.stream(`/v1/runs/${runId}/events`, {
              headers: read.length > 0 ? { 'last-event-id': String(read.length) } : {},
              signal: reader.signal,
            });
            let left = cut;
            for await (const { type, data } of events) {
              if (type === 'end') break;
              read.push(JSON.parse(data));
              left -= 1;
              if (left < 0) break;
            }
            reader.abort();
          }
          const { body } = await tenant.api.get<Listed<EventView>>(`/v1/runs/${runId}/events?limit=200`);
          expect(read).toEqual(body.data);
          expect(read.at(-1)?.type).toBe('run.succeeded');
        },
      ),
      { numRuns: 8 },
    );
  });

  it('reach many readers of one run alike', async () => {
    const started = await tenant.api.post<RunView>('/v1/deployments/slow/runs', { input: 'x' });
    const readers = await Promise.all(Array.from({ length: 20 }, () => follow(started.body.id)));
    const [first] = readers;
    expect(first?.at(-1)?.type).toBe('end');
    for (const frames of readers) expect(frames).toEqual(first);
  });

  it('that are no longer kept are said to be gone, as an error and within a stream', async () => {
    const { body } = await tenant.api.post<RunView>('/v1/deployments/long/runs?wait=20', { input: 'old' });
    await ring.rows('delete from run_event where run_id = $1', [body.id]);
    const gone = await tenant.api.get(`/v1/runs/${body.id}/events`);
    expect([gone.status, gone.body.code]).toEqual([410, 'run.events_expired']);
    const frames = await follow(body.id);
    expect(frames.map(({ type, id: seq }) => [type, seq])).toEqual([['error', undefined]]);
    expect(JSON.parse(frames[0]?.data ?? '')).toMatchObject({
      code: 'run.events_expired',
      status: 410,
      requestId: expect.any(String),
    });
    expect((await tenant.api.get<RunView>(`/v1/runs/${body.id}`)).body.output?.text).toBe(body.output?.text);
  });

  it('carry the id of their run in every form', async () => {
    for (const accept of [
      'application/json',
      'text/event-stream',
      '*/*',
      'text/html, text/event-stream;q=0.5',
    ]) {
      const answer = await tenant.api.send('GET', `/v1/runs/${id}/events`, undefined, { accept });
      const type = accept.includes('event-stream') ? 'text/event-stream' : 'application/json';
      expect([accept, answer.headers.get('headgate-run-id')]).toEqual([accept, id]);
      expect(answer.headers.get('content-type')).toContain(type);
    }
  });

  it('are asked for with numbers', async () => {
    for (const query of ['after=-1', 'after=x', 'after=1.5', 'limit=0', 'limit=201', 'cursor=x', 'from=1']) {
      const { status } = await tenant.api.get(`/v1/runs/${id}/events?${query}`);
      expect([query, status]).toEqual([query, 400]);
    }
    for (const lastEventId of ['-1', 'x', '1.5', '1e400', '0x10', '1e1'])
      expect(
        (
          await tenant.api.get(`/v1/runs/${id}/events`, {
            accept: 'text/event-stream',
            'last-event-id': lastEventId,
          })
        ).status,
      ).toBe(400);
  });
});
