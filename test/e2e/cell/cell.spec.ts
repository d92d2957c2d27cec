import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, echoFlow, KAFKA_WITHIN_MS, type Tenant, TestCell, withKafka } from '#libs/testing';

withKafka(describe)('a cell of processes', () => {
  let cell: TestCell;
  let tenant: Tenant;
  beforeAll(async () => {
    cell = await TestCell.create();
    await cell.startAll({ gateway: 2 });
    tenant = await cell.tenant();
  }, KAFKA_WITHIN_MS);
  afterAll(() => cell.dispose(), 60_000);

  it('answers a run at whichever gateway', async () => {
    const { token } = await tenant.deploy('echo', echoFlow());
    for (const gateway of cell.of('gateway')) {
      const { status, body } = await new ApiClient(gateway.url, token).post<{ output: { text: string } }>(
        '/v1/deployments/echo/runs',
        { input: 'hello' },
        { prefer: 'wait=10' },
      );
      expect([status, body.output?.text]).toEqual([200, 'hello']);
    }
  }, 30_000);
});
