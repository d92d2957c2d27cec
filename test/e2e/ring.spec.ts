import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assignmentKey } from '#libs/blobs';
import { type BusMessage, RunEvents, TOPICS } from '#libs/contracts';
import {
  chain,
  chatInput,
  chatOutput,
  echoFlow,
  fault,
  field,
  languageModel,
  prompt,
  StubModel,
  sleepingFlow,
  type Tenant,
  TestRing,
  until,
} from '#libs/testing';
import { endedRun, type RunView } from './gateway/world.ts';

const MiB = 1024 * 1024;

describe('a run goes round', () => {
  let model: StubModel;
  let ring: TestRing;
  let tenant: Tenant;
  const reported: BusMessage[] = [];
  beforeAll(async () => {
    model = await new StubModel().start();
    const listen = (message: BusMessage) => {
      if (message.topic === TOPICS.runEvent) reported.push(message);
      return { copies: 1, delayMs: 0 };
    };
    ring = await TestRing.start({ bus: { fault: listen }, egressAllow: new URL(model.origin).host });
    tenant = await ring.tenant();
    await tenant.deploy('echo', echoFlow());
  });
  afterAll(async () => {
    await ring.dispose();
    await model.stop();
  });

  const start = async (deployment: string, input = 'hello') =>
    (await tenant.api.post<RunView>(`/v1/deployments/${deployment}/runs`, { input })).body.id;
  const checkpointsOf = async (id: string) =>
    (await ring.rows('select node_id from run_checkpoint where run_id = $1', [id])).length;
  const setVariable = (body: object) =>
    tenant.api.post(`/v1/projects/${tenant.projectId}/variables`, {
      environmentId: tenant.environmentId,
      ...body,
    });

  it('answers with its output when the caller waits', async () => {
    const other = await ring.tenant();
    const echo = await other.deploy('echo', echoFlow());
    const { status, body } = await ring
      .client(echo.token)
      .post<{ status: string; output: { text: string } }>(
        '/v1/deployments/echo/runs',
        { input: 'hello' },
        { prefer: 'wait=10' },
      );
    expect(status).toBe(200);
    expect(body.status).toBe('succeeded');
    expect(body.output.text).toBe('hello');
  });

  it('says that it has started in the message that holds what its runner said first', async () => {
    const id = await start('echo');
    await endedRun(tenant.api, id);
    const first = reported.map(({ value }) => RunEvents.decode(value).data).find(({ runId }) => runId === id);
    expect(first?.events.map(({ type }) => type).slice(0, 2)).toEqual(['run.started', 'node.started']);
  });

  it('keeps the state of its nodes while it lives, and not beyond', async () => {
    await tenant.deploy('sleeps', sleepingFlow(600));
    const id = await start('sleeps');
    await until('the first node is kept', async () => (await checkpointsOf(id)) === 1);
    expect((await endedRun(tenant.api, id)).status).toBe('succeeded');
    expect(await checkpointsOf(id)).toBe(0);
  });

  it('brings an output of 5 MiB back', async () => {
    await tenant.deploy('large', chain(chatInput(), fault('TestLarge', 'Large-1', 5 * MiB), chatOutput()));
    const run = await endedRun(tenant.api, await start('large'));
    expect(run).toMatchObject({ status: 'succeeded', error: null });
    expect(run.output?.text?.length).toBe(5 * MiB);
  });

  it('brings variables to its runner that are more than a message holds', async () => {
    const names = ['ONE', 'TWO', 'THREE', 'FOUR', 'FIVE'];
    for (const name of names) await setVariable({ name, value: name.repeat(12_000) });
    const fields = names.map((name) => [name, field('str', name, { load_from_db: true })]);
    const large = prompt('Prompt-1', '{in}{ONE}{TWO}{THREE}{FOUR}{FIVE}', ['in'], Object.fromEntries(fields));
    await tenant.deploy('variables', chain(chatInput(), large, chatOutput()));
    const run = await endedRun(tenant.api, await start('variables', ''));
    expect(run.output?.text).toBe(names.map((name) => name.repeat(12_000)).join(''));
    const assignment = join(ring.directory, 'blobs', assignmentKey(run.id, 1));
    expect((await stat(assignment)).size).toBeGreaterThan(200_000);
  });

  it('closes the call of a model that it waits for when it is cancelled', async () => {
    const allowedHosts = [new URL(model.origin).hostname];
    await setVariable({ name: 'OPENAI_API_KEY', secret: true, value: 'sk-of-the-stub', allowedHosts });
    await setVariable({ name: 'OPENAI_BASE_URL', value: model.baseUrl });
    await tenant.deploy('chat', chain(chatInput(), languageModel('Model-1'), chatOutput()));
    const id = await start('chat', 'HANG');
    await until('the model is asked', () => model.requests.length === 1);
    expect(model.aborted).toBe(0);
    await tenant.api.post(`/v1/runs/${id}/cancel`);
    await until('the model sees that nobody listens', () => model.aborted === 1, 2_000);
    expect((await endedRun(tenant.api, id)).status).toBe('cancelled');
  });
});
