import { describe, expect, it } from '@jest/globals';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clearRefreshCookie, readRefreshCookie, setRefreshCookie } from './refresh-cookie.ts';

const requestOf = (protocol: string, cookie?: string): FastifyRequest =>
  // only these two members are read
  ({ protocol, headers: { cookie } }) as unknown as FastifyRequest;

function setCookie(protocol: string, write: (request: FastifyRequest, reply: FastifyReply) => void): string {
  let written = '';
  const reply = {
    header: (_name: string, value: string) => {
      written = value;
      return reply;
    },
  };
  // only headers are written
  write(requestOf(protocol), reply as unknown as FastifyReply);
  return written;
}

describe('the refresh cookie', () => {
  it('is bound to its host and to TLS, and closed to scripts and other sites', () => {
    expect(setCookie('https', (request, reply) => setRefreshCookie(request, reply, 'T'))).toBe(
      '__Host-hg-refresh=T; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=7776000',
    );
    expect(setCookie('https', clearRefreshCookie)).toBe(
      '__Host-hg-refresh=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0',
    );
  });

  it('loses its prefix over plain http alone', () => {
    expect(setCookie('http', (request, reply) => setRefreshCookie(request, reply, 'T'))).toBe(
      'hg-refresh=T; HttpOnly; SameSite=Strict; Path=/; Max-Age=7776000',
    );
  });

  it('is read by its whole name, and over TLS never without the prefix', () => {
    const read = (protocol: string, cookie?: string) => readRefreshCookie(requestOf(protocol, cookie));
    expect(read('https', 'a=1; __Host-hg-refresh=T; b=2')).toBe('T');
    expect(read('https', 'hg-refresh=T')).toBeUndefined();
    expect(read('http', 'hg-refresh=T')).toBe('T');
    expect(read('http', 'x-hg-refresh=T; hg-refresh2=U')).toBeUndefined();
    expect(read('http')).toBeUndefined();
  });
});
