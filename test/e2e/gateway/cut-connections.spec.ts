import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { type Answer, type Tenant, TestRing } from '#libs/testing';
import { ROUTE_CASES, send } from './route-cases.ts';
import { endedRun, makeWorld, type RunView, type World } from './world.ts';

const CALLERS = 12;
const CUTS = 60;
const CASES = ROUTE_CASES.filter(({ method }) => method !== 'DELETE');

describe('a gateway whose database connections are cut again and again', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let world: World;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    world = await makeWorld(tenant);
  });
  afterAll(() => ring.dispose());

  /** Cuts so many connections while something is asked. */
  const cutWhile = async (asking: (isOver: () => boolean) => Promise<unknown>) => {
    let isOver = false;
    let count = 0;
    const asked = asking(() => isOver);
    for (; count < CUTS; await sleep(15)) {
      const ended = await ring.rows(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and usename in ('hg_gateway', 'hg_auth')`,
      );
      count += ended.length;
    }
    isOver = true;
    await asked;
  };

  it('answers each request, or says that it may be sent again: no route knows a third way', async () => {
    const answers: Answer<Record<string, unknown>>[] = [];
    const ask = async (first: number, isOver: () => boolean) => {
      for (let index = first; !isOver(); index += 1) {
        const one = CASES[index % CASES.length];
        if (one) answers.push(await send(tenant.api, one, world));
      }
    };
    await cutWhile((isOver) =>
      Promise.all(Array.from({ length: CALLERS }, (_, index) => ask(index * 2, isOver))),
    );
    const refused = answers.filter(({ status }) => status >= 300);
    expect(refused.length).toBeGreaterThan(10);
    expect(answers.length).toBeGreaterThan(refused.length);
    for (const { body, headers } of refused) {
      expect(body).toMatchObject({ status: 503, code: 'service.unavailable', retryable: true });
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
    }
  }, 60_000);

  it('makes one run of each request that is sent again until it is accepted', async () => {
    const accepted = new Map<string, string>();
    const insist = async (isOver: () => boolean) => {
      while (!isOver()) {
        const headers = { 'idempotency-key': newId() };
        for (;;) {
          const path = `/v1/deployments/${world.deployment}/runs`;
          const { status, body } = await tenant.api.post<RunView>(path, { input: 'once' }, headers);
          expect([202, 503]).toContain(status);
          if (status === 202) accepted.set(headers['idempotency-key'], body.id);
          if (status === 202) break;
        }
      }
    };
    const before = (await ring.rows('select from run')).length;
    await cutWhile((isOver) => Promise.all(Array.from({ length: CALLERS }, () => insist(isOver))));
    const rows = await ring.rows('select from run');
    expect(rows.length - before).toBe(accepted.size);
    expect(new Set(accepted.values()).size).toBe(accepted.size);
    for (const id of accepted.values()) expect((await endedRun(tenant.api, id)).status).toBe('succeeded');
  }, 60_000);
});
