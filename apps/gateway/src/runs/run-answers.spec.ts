import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '#libs/domain';
import { AppError } from '#libs/kernel';
import type { Actor } from '../access/actor.ts';
import { RunAnswers } from './run-answers.ts';

type Parts = ConstructorParameters<typeof RunAnswers>;

/** Of a response what a stream uses. */
class Response extends EventEmitter {
  writableLength = 0;
  writableEnded = false;
  writeHead() {}
  flushHeaders() {}
  write(): boolean {
    return true;
  }
  end() {
    this.writableEnded = true;
    setImmediate(() => this.emit('close'));
  }
}

describe('the streams of several organizations', () => {
  it('are checked where access changed, and only there', async () => {
    const asked: string[] = [];
    const stillMay = async ({ organizationId }: Principal) => {
      asked.push(organizationId);
      if (organizationId === 'a') throw new AppError('key.revoked');
    };
    const answers = new RunAnswers(
      {} as Parts[0],
      { run: async () => undefined } as unknown as Parts[1],
      { run: async () => ({ events: [], isComplete: false, hasMore: false }) } as unknown as Parts[2],
      { watch: () => () => undefined } as unknown as Parts[3],
      {} as Parts[4],
      { stillMay } as unknown as Parts[5],
      { explain: () => ({}) } as unknown as Parts[6],
    );
    const open = async (organizationId: string) => {
      const raw = new Response();
      const actor = { principal: { organizationId }, request: {} } as unknown as Actor;
      const reply = { raw, hijack: () => undefined, getHeaders: () => ({}) } as unknown as FastifyReply;
      await answers.stream(actor, 'run', 0, {} as FastifyRequest, reply);
      return raw;
    };
    const [ofA, ofB] = [await open('a'), await open('b')];
    const closedA = once(ofA, 'close');
    answers.recheckStreams('b');
    expect(asked).toEqual(['b']);
    answers.recheckStreams('a');
    await closedA;
    expect(asked).toEqual(['b', 'a']);
    expect([ofA.writableEnded, ofB.writableEnded]).toEqual([true, false]);
    answers.recheckStreams();
    expect(asked).toEqual(['b', 'a', 'b']);
    ofB.end();
  });
});
