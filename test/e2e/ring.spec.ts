import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { echoFlow, TestRing } from '#libs/testing';

describe('a run goes round', () => {
  let ring: TestRing;
  beforeAll(async () => {
    ring = await TestRing.start();
  });
  afterAll(() => ring.dispose());

  it('answers with its output when the caller waits', async () => {
    const tenant = await ring.tenant();
    const echo = await tenant.deploy('echo', echoFlow());
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
});
