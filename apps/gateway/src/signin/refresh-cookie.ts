import type { FastifyReply, FastifyRequest } from 'fastify';

const NAME = 'hg-refresh';
const MAX_AGE_SECONDS = 90 * 24 * 3600;

/** The refresh token lives in a cookie that no script reads. Over plain http on loopback it has no `__Host-` prefix. */
export function readRefreshCookie(request: FastifyRequest): string | undefined {
  const wanted = nameFor(request);
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === wanted) return value;
  }
  return undefined;
}

export function setRefreshCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  void reply.header('set-cookie', cookie(request, token, MAX_AGE_SECONDS));
}

export function clearRefreshCookie(request: FastifyRequest, reply: FastifyReply): void {
  void reply.header('set-cookie', cookie(request, '', 0));
}

function cookie(request: FastifyRequest, value: string, maxAge: number): string {
  const secure = request.protocol === 'https' ? ' Secure;' : '';
  return `${nameFor(request)}=${value};${secure} HttpOnly; SameSite=Strict; Path=/; Max-Age=${maxAge}`;
}

function nameFor(request: FastifyRequest): string {
  return request.protocol === 'https' ? `__Host-${NAME}` : NAME;
}
