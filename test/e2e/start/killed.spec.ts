import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, StubModel, until } from '#libs/testing';
import { Installation, processes, type Started } from './installation.ts';

interface RunEvents {
  data: { type: string; attempt: number; data: { nodeId?: string; resumed?: boolean } }[];
}

/** Runners end with what started them; Postgres may stay, and is taken over. */
const GONE_MS = 2 * 1_000;
const RECOVERED_MS = 2 * 10_000;

describe('an installation that is killed in the middle of a call of a model', () => {
  let installation: Installation;
  let model: StubModel;
  let started: Started;
  let env: Record<string, string>;
  beforeAll(async () => {
    installation = await Installation.create();
    model = await new StubModel().start();
    env = {
      OPENAI_API_KEY: 'sk-of-the-stub',
      OPENAI_BASE_URL: model.baseUrl,
      HEADGATE_EGRESS_ALLOW: new URL(model.origin).host,
    };
    started = await installation.start({ env });
  }, 60_000);
  afterAll(async () => {
    await installation.dispose();
    await model.stop();
  }, 60_000);

  it('leaves no runner alive, and goes on where it was with the next start', async () => {
    expect(started.commands).toHaveLength(3);
    const caller = new ApiClient(started.url, started.key);
    const { body: run } = await caller.post<{ id: string }>('/v1/deployments/chat/runs', {
      input: 'SLOW400 one two three four five',
    });
    await until('the model is asked', () => model.requests.length === 1);
    const completed = async (api: ApiClient) => {
      const { body } = await api.get<RunEvents>(`/v1/runs/${run.id}/events?limit=100`);
      return body.data.filter(({ type }) => type === 'node.completed');
    };
    await until('the first node is in the log', async () => (await completed(caller)).length === 1);
    const { runners } = started;
    expect(runners.length).toBeGreaterThan(0);
    await started.kill();
    const isRunner = ({ pid }: { pid: number }) => runners.includes(pid);
    await until('no runner is alive', () => !processes().some(isRunner), GONE_MS);
    await until('the model sees that nobody listens', () => model.aborted === 1);

    started = await installation.start({ env });
    const api = await started.owner();
    const ended = await until(
      'the run has ended',
      async () => {
        const { body } = await api.get<{ status: string; output: unknown }>(`/v1/runs/${run.id}`);
        return body.status === 'succeeded' && body;
      },
      RECOVERED_MS,
    );
    expect(ended).toMatchObject({ output: { text: expect.stringContaining('one two three four five') } });
    const resumed = (await completed(api)).filter(({ data }) => data.resumed);
    expect(resumed).toMatchObject([{ attempt: 2, data: { nodeId: 'ChatInput-hello' } }]);
    expect(model.requests).toHaveLength(2);
  }, 90_000);
});
