import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULTS } from '#libs/domain';
import { type Tenant, TestRing } from '#libs/testing';
import { pathOf, ROUTE_CASES, type RouteCase, send } from './route-cases.ts';
import { tenantState } from './tenant-state.ts';
import { makeWorld, type World } from './world.ts';

interface Problem {
  code: string;
  errors?: { pointer: string; detail: string }[];
}

const JSON_TYPE = { 'content-type': 'application/json' };
const WITH_BODY = ROUTE_CASES.filter(({ body }) => body);

describe('bad input', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let world: World;
  let state: string;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    world = await makeWorld(tenant);
    state = await tenantState(ring, tenant.organizationId);
  });
  afterAll(async () => {
    // nothing that is refused leaves a trace
    expect(await tenantState(ring, tenant.organizationId)).toBe(state);
    await ring.dispose();
  });

  const raw = async (
    one: RouteCase,
    body: string | Uint8Array,
    headers: Record<string, string> = JSON_TYPE,
  ) => {
    const answer = await tenant.api.send<Problem>(one.method, pathOf(one, world), body, headers);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    return { status: answer.status, code: answer.body.code, errors: answer.body.errors };
  };
  const changed = (one: RouteCase, more: object) =>
    JSON.stringify({ ...(one.body?.(world) as object), ...more });
  const INVALID = expect.objectContaining({ status: 400, code: 'request.invalid' });
  const MALFORMED = expect.objectContaining({ status: 400, code: 'request.malformed' });

  it('is a field that the schema does not know', async () => {
    for (const one of WITH_BODY) {
      for (const more of [{ surplus: 1 }, { orgId: world.projectId }, { id: world.runId }])
        expect([one.route, await raw(one, changed(one, more))]).toEqual([one.route, INVALID]);
    }
  });

  it('is a field of another type, or one that is missing', async () => {
    for (const one of WITH_BODY) {
      const body = one.body?.(world) as Record<string, unknown>;
      for (const name of Object.keys(body).filter((field) => field !== 'input')) {
        const { status, code, errors } = await raw(one, changed(one, { [name]: ['strange'] }));
        expect([one.route, name, status, code]).toEqual([one.route, name, 400, 'request.invalid']);
        expect(errors?.[0]?.pointer).toMatch(new RegExp(`^(/${name}.*)?$`));
      }
      const isNeeded = !one.route.endsWith('/runs');
      if (isNeeded) expect([one.route, await raw(one, '{}')]).toEqual([one.route, INVALID]);
    }
  });

  it('is a NUL or half a character in a name', async () => {
    const named = WITH_BODY.filter((one) => Object.hasOwn(one.body?.(world) ?? {}, 'name'));
    expect(named).toHaveLength(5);
    for (const one of named) {
      for (const name of ['a\u0000b', '\u0000', 'a\ud800', '', ' a', 'a\t', 'x'.repeat(81)])
        expect([one.route, name, await raw(one, changed(one, { name }))]).toEqual([one.route, name, INVALID]);
    }
  });

  it('is a body that is no JSON object', async () => {
    for (const one of WITH_BODY) {
      for (const body of ['null', '[]', '"text"', '1', 'true'])
        expect([one.route, body, await raw(one, body)]).toEqual([one.route, body, INVALID]);
      for (const body of ['', '{', '{"name":}', "{'name':1}", '{"a":1}{', 'NaN', '\u0000'])
        expect([one.route, body, await raw(one, body)]).toEqual([one.route, body, MALFORMED]);
    }
  });

  it('is a body that is no UTF-8, instead of a text with other characters', async () => {
    for (const one of WITH_BODY) {
      const bytes = Buffer.from('{"name":"a?"}');
      bytes[10] = 0xff;
      expect([one.route, await raw(one, bytes)]).toEqual([one.route, MALFORMED]);
    }
  });

  it('is a body that would change what objects are', async () => {
    for (const one of WITH_BODY) {
      const proto = changed(one, {}).replace(/\}$/, ',"__proto__":{"isAdmin":true}}');
      const inherited = changed(one, { constructor: { prototype: { isAdmin: true } } });
      expect([one.route, await raw(one, proto)]).toEqual([one.route, MALFORMED]);
      expect([one.route, await raw(one, inherited)]).toEqual([one.route, MALFORMED]);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('is another content type than JSON', async () => {
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream', 'nonsense'];
    for (const one of WITH_BODY) {
      for (const type of types)
        expect([one.route, type, await raw(one, changed(one, {}), { 'content-type': type })]).toEqual([
          one.route,
          type,
          expect.objectContaining({ status: 415, code: 'request.unsupported_media_type' }),
        ]);
    }
  });

  it('is a body over the limit of its route, announced or not', async () => {
    const definitions = /^\/v1\/(projects\/:projectId\/flows|flows\/:flowId\/versions)$/;
    for (const one of WITH_BODY) {
      const limit = definitions.test(one.route) ? DEFAULTS.definitionBytes + 64 * 1024 : DEFAULTS.bodyBytes;
      const body = changed(one, { padding: 'x'.repeat(limit) });
      expect([one.route, await raw(one, body)]).toEqual([
        one.route,
        expect.objectContaining({ status: 413, code: 'request.too_large' }),
      ]);
      const fits = changed(one, { padding: 'x'.repeat(limit - 10_000) });
      expect([one.route, await raw(one, fits)]).toEqual([one.route, INVALID]);
      const chunked = await fetch(ring.url + pathOf(one, world), {
        method: one.method,
        headers: { ...JSON_TYPE, 'x-api-key': world.token },
        body: new Blob([body]).stream(),
        duplex: 'half',
      });
      expect([one.route, chunked.status]).toEqual([one.route, 413]);
      await chunked.body?.cancel();
    }
  });

  it('is an id that is none', async () => {
    for (const one of ROUTE_CASES.filter(({ route }) => route.includes('/:'))) {
      for (const id of [
        '1',
        'null',
        `${world.runId}0`,
        world.runId.replaceAll('-', ''),
        '%00',
        "'%20or%201=1",
      ]) {
        const odd = {
          ...world,
          projectId: id,
          flowId: id,
          versionId: id,
          deploymentId: id,
          keyId: id,
          runId: id,
        };
        // the body keeps its own, so that the path alone is wrong
        const { status, body } = await send(tenant.api, { ...one, body: () => one.body?.(world) }, odd);
        const isName = one.route.endsWith('/runs');
        expect([one.route, id, status, body['code']]).toEqual(
          isName ? [one.route, id, 404, 'resource.not_found'] : [one.route, id, 400, 'request.invalid'],
        );
      }
    }
  });

  it('is a path or a method that leads nowhere', async () => {
    const paths = [
      '/',
      '/v1',
      '/v1/nothing',
      '/v1/projects/',
      '/V1/projects',
      '/v1//projects',
      '/v1/%',
      '/v1/%ff',
    ];
    for (const path of [...paths, '/v1/../etc/passwd', `/v1/projects/${'x'.repeat(5_000)}`]) {
      const { status, body, headers } = await tenant.api.get(path);
      expect([path, status, body.code]).toEqual([path, 404, 'route.not_found']);
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(body['requestId']).toEqual(expect.any(String));
    }
    for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      const { status, body } = await tenant.api.send<Problem>(method, '/v1/projects', undefined, {});
      expect([method, status, body.code]).toEqual([method, 404, 'route.not_found']);
    }
  });
});
