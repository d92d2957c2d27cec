import pino, { type Logger } from 'pino';
import { TOKEN_PATTERN } from '#libs/crypto';
import { logFields } from './run-scope.ts';
import { isTracing } from './tracing.ts';

export type { Logger };

const HIDDEN = '[redacted]';

/** What is called so is a secret, whatever its form. */
const SECRET_NAMES = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'apiKey',
  'password',
  'passwordHash',
  'secret',
  'token',
  'accessToken',
  'refreshToken',
  'runToken',
];
/** As deep as `{ err: { response: { headers } } }`. */
const DEPTHS = ['', '*.', '*.*.', '*.*.*.'];

/** Access tokens of ours and of others. */
const JWT_PATTERN = /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*/g;

/**
 * Logs are JSON lines on standard error; what a person is meant to read goes to standard output. Secrets are cut out by
 * name, and by form wherever they stand: in messages, stacks and fields of any name. Where there is telemetry, a line says
 * of which trace and run it is.
 */
export function createLogger(name: string, level = 'info'): Logger {
  return pino(
    {
      level,
      base: { name },
      ...(isTracing() && { mixin: logFields }),
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: DEPTHS.flatMap((depth) => SECRET_NAMES.map((secret) => pathOf(depth, secret))),
        censor: HIDDEN,
      },
      hooks: {
        streamWrite: (line) => line.replaceAll(TOKEN_PATTERN, HIDDEN).replaceAll(JWT_PATTERN, HIDDEN),
      },
    },
    pino.destination({ dest: 2, sync: false }),
  );
}

function pathOf(depth: string, secret: string): string {
  return secret.includes('-') ? `${depth.slice(0, -1)}["${secret}"]` : `${depth}${secret}`;
}
