import pino, { type Logger } from 'pino';

export type { Logger };

/** Logs are JSON lines on standard error; what a person is meant to read goes to standard output. */
export function createLogger(name: string, level = 'info'): Logger {
  return pino(
    { level, base: { name }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: false }),
  );
}
