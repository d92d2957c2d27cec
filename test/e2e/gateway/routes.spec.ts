import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import { projectRoot } from '#libs/config';
import { ALL_PERMISSIONS } from '#libs/domain';
import { TestRing } from '#libs/testing';
import { Action } from '../../../apps/gateway/src/access/action.ts';
import { pathOf, ROUTE_CASES, send } from './route-cases.ts';
import { makeWorld, type World } from './world.ts';

/** Reviewed: who comes here needs no credential. */
const OPEN_ROUTES = [
  'GET /blobs/*', // a signed URL is the credential
  'GET /docs',
  'GET /docs/{}',
  'GET /healthz',
  'GET /openapi.json',
  'GET /readyz',
  'POST /v1/auth/login',
  'POST /v1/auth/logout',
  'POST /v1/auth/refresh',
  'POST /v1/bootstrap',
  'PUT /blobs/*', // likewise
];

/** Reviewed: these enter without the tenant's transaction, and each says why in its file. */
const WITHOUT_TRANSACTION = {
  BootstrapAction: 'open',
  CreateRunAction: 'none',
  GetMeAction: 'none',
  RefreshAction: 'open',
  SignInAction: 'open',
  SignOutAction: 'open',
};

/** Reviewed: without a transaction of their own they write their entry into the audit trail themselves. */
const AUDITS_ITSELF = { BootstrapAction: 'organization.bootstrap', RefreshAction: 'sign-in.replayed' };

type AnyAction = Action<unknown, unknown, 'tenant' | 'none' | 'open'>;

const auditName = ({ audits }: AnyAction) => (typeof audits === 'object' ? audits.itself : audits);
const anonymised = (path: string) => path.replaceAll(/:\w+|\{\w+\}/g, '{}');

describe('the routes of the running gateway', () => {
  let ring: TestRing;
  let world: World;
  let owner: Awaited<ReturnType<TestRing['tenant']>>['api'];
  beforeAll(async () => {
    ring = await TestRing.start();
    const tenant = await ring.tenant();
    owner = tenant.api;
    world = await makeWorld(tenant);
  });
  afterAll(() => ring.dispose());

  const controllers = () =>
    [...ring.standalone.gateway.get(ModulesContainer).values()].flatMap((module) => [
      ...module.controllers.values(),
    ]);
  const nestRoutes = () =>
    controllers()
      .flatMap(({ instance, metatype }) => {
        const prototype: Record<string, object> = Object.getPrototypeOf(instance);
        return Object.getOwnPropertyNames(prototype).flatMap((name) => {
          const handler = prototype[name] ?? {};
          const method: RequestMethod | undefined = Reflect.getMetadata(METHOD_METADATA, handler);
          if (method === undefined) return [];
          const parts = [metatype ?? {}, handler].map((on) => String(Reflect.getMetadata(PATH_METADATA, on)));
          const path = `/${parts.join('/')}`.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1');
          return [`${RequestMethod[method]} ${anonymised(path)}`];
        });
      })
      .sort();
  const actions = () =>
    [...ring.standalone.gateway.get(ModulesContainer).values()]
      .flatMap((module) => [...module.providers.values()])
      // what the container holds is of any type
      .map(({ instance }) => instance as unknown)
      .filter((instance): instance is AnyAction => instance instanceof Action);

  it('are the reviewed open ones and those that a case here describes, and no other', () => {
    const described = ROUTE_CASES.map(({ method, route }) => `${method} ${anonymised(route)}`);
    expect(nestRoutes()).toEqual([...OPEN_ROUTES, ...described].sort());
  });

  it('are all that the router knows', () => {
    const printed: string = ring.standalone.gateway
      .getHttpAdapter()
      .getInstance()
      .printRoutes({ commonPrefix: false });
    const methods = [...printed.matchAll(/\(([A-Z, ]+)\)/g)].flatMap(([, list = '']) => list.split(', '));
    expect(methods.filter((method) => method !== 'HEAD')).toHaveLength(nestRoutes().length);
  });

  it('refuse an anonymous caller, whatever else is wrong with the request', async () => {
    for (const one of ROUTE_CASES) {
      const answer = await send(ring.client(), one, world);
      expect([one.route, answer.status, answer.body['code']]).toEqual([one.route, 401, 'auth.required']);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      const nonsense = await ring
        .client()
        .send<{ code: string }>(
          one.method,
          pathOf(one, world),
          one.method === 'GET' ? undefined : '{"nonsense":1}',
          {
            'content-type': 'application/json',
          },
        );
      expect([one.route, nonsense.body.code]).toEqual([one.route, 'auth.required']);
    }
  });

  it('refuse an anonymous HEAD too', async () => {
    for (const one of ROUTE_CASES.filter(({ method }) => method === 'GET')) {
      const response = await fetch(ring.url + pathOf(one, world), { method: 'HEAD' });
      expect([one.route, response.status]).toEqual([one.route, 401]);
    }
  });

  it('each reach the action that checks the permission', async () => {
    const reached: string[] = [];
    const { run } = Action.prototype;
    Action.prototype.run = function (this: AnyAction, ...given) {
      reached.push(`${this.constructor.name} needs ${this.needs}`);
      return run.apply(this, given);
    };
    try {
      for (const one of ROUTE_CASES) {
        reached.length = 0;
        const { status } = await send(owner, one, world);
        expect([one.route, Math.floor(status / 100)]).toEqual([one.route, 2]);
        expect(reached).toContain(`${one.action} needs ${one.needs}`);
      }
    } finally {
      Action.prototype.run = run;
    }
  });

  it('end in actions that all have a permission of the catalogue and an audit name', () => {
    const all = actions();
    expect(all.map((action) => action.constructor.name).sort()).toEqual(
      [
        ...ROUTE_CASES.map(({ action }) => action),
        'BootstrapAction',
        'RefreshAction',
        'SignInAction',
        'SignOutAction',
      ].sort(),
    );
    for (const action of all) {
      expect(action.transaction === 'open' ? ['nothing'] : ALL_PERMISSIONS).toContain(action.needs);
      expect(auditName(action)).toMatch(/^(none|[a-z-]+\.[a-z]+)$/);
    }
  });

  it('enter without a transaction only where that was reviewed', () => {
    const free = actions()
      .filter(({ transaction }) => transaction !== 'tenant')
      .map((action) => [action.constructor.name, action.transaction]);
    expect(Object.fromEntries(free)).toEqual(WITHOUT_TRANSACTION);
  });

  it('promise without a transaction nothing that is only done in one', () => {
    const free = actions().filter(({ transaction }) => transaction !== 'tenant');
    expect(free.map(({ creates, changes }) => creates ?? changes).filter(Boolean)).toEqual([]);
    const audited = free
      .filter(({ audits }) => audits !== 'none')
      .map((action) => [action.constructor.name, auditName(action)]);
    expect(Object.fromEntries(audited)).toEqual(AUDITS_ITSELF);
  });

  it('stand in the OpenAPI document exactly where they are public', async () => {
    const { body } = await ring.client().get<{ paths: Record<string, object> }>('/openapi.json');
    const listed = Object.entries(body.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${anonymised(path)}`),
    );
    expect(listed.sort()).toEqual(nestRoutes().filter((route) => route.includes(' /v1/')));
    const committed = await readFile(join(projectRoot(), 'docs', 'openapi.json'), 'utf8');
    expect(body).toEqual(JSON.parse(committed));
  });

  it('answer at the open ones without a credential', async () => {
    const anyone = ring.client();
    const get = async (path: string) => (await anyone.get(path)).status;
    expect([await get('/healthz'), await get('/readyz'), await get('/openapi.json')]).toEqual([
      200, 200, 200,
    ]);
    expect([await get('/docs'), await get('/docs/start.js'), await get('/docs/swagger-ui.css')]).toEqual([
      200, 200, 200,
    ]);
    expect([await get('/docs/package.json'), await get('/docs/constructor')]).toEqual([404, 404]);
  });
});
