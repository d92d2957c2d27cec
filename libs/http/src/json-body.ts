import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '#libs/kernel';

export interface BodyRules {
  limitOf: (request: FastifyRequest) => number;
  /** The routes that take bytes, as a stream. */
  takesBytes: (request: FastifyRequest) => boolean;
}

/** Bodies are JSON, each route's up to its own size; bytes only where a route is made for them. */
export function acceptJsonOnly(server: FastifyInstance, { limitOf, takesBytes }: BodyRules): void {
  server.removeAllContentTypeParsers();
  const parse = server.getDefaultJsonParser('error', 'error');
  server.addHook('onRequest', async (request) => {
    const length = Number(request.headers['content-length'] ?? 0);
    if (length > limitOf(request)) throw tooLarge(limitOf(request));
  });
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const limit = limitOf(request);
    if (body.length > limit) return done(tooLarge(limit), undefined);
    if (!isUtf8(body as Buffer)) return done(malformed(), undefined);
    parse(request, body.toString('utf8'), (error, value) => {
      if (error) done(malformed(), undefined);
      else done(null, value);
    });
    return undefined;
  });
  server.addContentTypeParser('application/octet-stream', (request, body, done) => {
    if (takesBytes(request)) done(null, body);
    else
      done(
        new AppError('request.unsupported_media_type', { detail: 'Send the body as application/json.' }),
        undefined,
      );
  });
}

function malformed(): AppError {
  return new AppError('request.malformed', {
    detail: 'The body is not valid JSON, or holds a name that JSON bodies may not have.',
  });
}

function tooLarge(limit: number): AppError {
  return new AppError('request.too_large', { detail: `The body of this request may hold ${limit} bytes.` });
}
