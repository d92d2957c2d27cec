import { describe, expect, it } from '@jest/globals';
import { BadRequestException, HttpException, NotFoundException } from '@nestjs/common';
import fastify from 'fastify';
import { AppError } from '#libs/kernel';
import type { Logger } from '#libs/telemetry';
import { ProblemFilter, sendProblem } from './problem.filter.ts';

interface Line {
  level: string;
  err: unknown;
  text: string;
}

const OUTAGE = new Error('connect ECONNREFUSED');

function made() {
  const lines: Line[] = [];
  const at = (level: string) => (facts: { err: unknown }, text: string) => {
    lines.push({ level, err: facts.err, text });
  };
  const log = { warn: at('warn'), error: at('error') } as unknown as Logger; // all that a filter says
  const filter = new ProblemFilter(log, (error) => error === OUTAGE);
  return { lines, filter };
}

/** A server whose only route throws. */
async function answerTo(thrown: unknown) {
  const { lines, filter } = made();
  const server = fastify();
  server.get('/', () => Promise.reject(thrown));
  server.setErrorHandler((error, request, reply) => {
    sendProblem(request, reply, filter.explain(error, request));
  });
  const answer = await server.inject('/');
  await server.close();
  return { answer, lines, problem: answer.json<Record<string, unknown>>() };
}

describe('what is thrown', () => {
  it.each<[string, unknown, number, string]>([
    ['an expected error', new AppError('flow.name_taken'), 409, 'flow.name_taken'],
    ['a refusal of the framework', new BadRequestException(), 400, 'request.malformed'],
    ['a route that is not there', new NotFoundException('Cannot GET /x'), 404, 'route.not_found'],
    ['a request that came too slowly', new HttpException('', 408), 408, 'request.timeout'],
    ['a body too large', Object.assign(new Error(), { statusCode: 413 }), 413, 'request.too_large'],
    [
      'another content type',
      Object.assign(new Error(), { statusCode: 415 }),
      415,
      'request.unsupported_media_type',
    ],
    [
      'an empty body',
      Object.assign(new Error(), { code: 'FST_ERR_CTP_EMPTY_JSON_BODY', statusCode: 400 }),
      400,
      'request.malformed',
    ],
  ])('becomes a problem that is not logged: %s', async (_what, thrown, status, code) => {
    const { answer, lines, problem } = await answerTo(thrown);
    expect([answer.statusCode, problem['status'], problem['code']]).toEqual([status, status, code]);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(problem).toMatchObject({ type: `urn:headgate:problem:${code}`, requestId: expect.any(String) });
    expect(problem['instance']).toBe(`urn:headgate:request:${String(problem['requestId'])}`);
    expect(lines).toEqual([]);
  });

  it.each<[string, Error]>([
    ['an error', new TypeError('cannot read the secret of o1')],
    ['a status of ours', new HttpException('cannot read the secret of o1', 500)],
    ['a status that we do not give', Object.assign(new Error('the secret of o1'), { statusCode: 418 })],
  ])('is our own fault else: logged once with its cause, and told to nobody: %s', async (_what, thrown) => {
    const { answer, lines, problem } = await answerTo(thrown);
    expect([answer.statusCode, problem['code'], problem['retryable']]).toEqual([500, 'internal', true]);
    expect(lines).toEqual([{ level: 'error', err: thrown, text: 'a request failed unexpectedly' }]);
    expect(answer.body).not.toContain('secret');
  });

  it('is an outage where the database is not there: said when to try again', async () => {
    const { answer, lines, problem } = await answerTo(OUTAGE);
    expect([answer.statusCode, problem['code'], problem['retryable']]).toEqual([
      503,
      'service.unavailable',
      true,
    ]);
    expect(answer.headers['retry-after']).toBe('2');
    expect(lines).toEqual([{ level: 'warn', err: OUTAGE, text: 'the database is not there' }]);
    expect(answer.body).not.toContain('ECONNREFUSED');
  });

  it.each<[AppError['code'], string | undefined]>([
    ['key.revoked', 'Bearer'],
    ['auth.required', 'Bearer'],
    ['permission.denied', undefined],
  ])('asks for another key or token where that helps: %s', async (code, header) => {
    const { answer } = await answerTo(new AppError(code));
    expect(answer.headers['www-authenticate']).toBe(header);
  });
});

describe('null and the like, thrown', () => {
  it.each([null, undefined, 'a text', 7])('are our own fault, and break nothing: %p', (thrown) => {
    const { lines, filter } = made();
    const request = { id: 'r1' } as Parameters<ProblemFilter['explain']>[1]; // all that is looked at
    expect(filter.explain(thrown, request).code).toBe('internal');
    expect(lines).toHaveLength(1);
  });
});
