/** SQLSTATE: a server that is away, ends, has no room for a connection or may not write; and a statement to try again. */
const SQL_STATES = /^((08|40|53|57)[0-9A-Z]{3}|25006)$/;

/** Prisma: not reached, closed, no room; or no connection, transaction or end of it in time. */
const PRISMA_CODES = /^P(1001|1002|1008|1017|2024|2028|2034|2037)$/;

/** What Prisma's adapter makes of a socket's error or of a server that is full; it keeps no code. */
const ADAPTER_KINDS =
  /^(DatabaseNotReachable|ConnectionClosed|SocketTimeout|TooManyConnections|TransactionWriteConflict)$/;

/** A socket that is open no more. One that could not be opened says so in its message. */
const SOCKET_CODES =
  /^E(CONNREFUSED|CONNRESET|CONNABORTED|PIPE|TIMEDOUT|HOSTUNREACH|HOSTDOWN|NETUNREACH|NETDOWN|NOTFOUND|AI_AGAIN)$/;

/** pg and its pool give these no code; Prisma puts the place of the call in front. */
const MESSAGES =
  /(\bconnect E[A-Z]+\b.*|Connection terminated( unexpectedly| due to connection timeout)?|Client (has encountered a connection error|was closed) and is not queryable|timeout expired|timeout exceeded when trying to connect|Query read timeout)$/;

/** As deep as Prisma wraps what the driver said, and a level more. */
const MAX_DEPTH = 4;

interface Facts {
  code?: unknown;
  kind?: unknown;
  message?: unknown;
  cause?: unknown;
  originalCode?: unknown;
  meta?: { driverAdapterError?: unknown };
}

/** Whether an error says nothing about what was to be written, only that the database is not there now. */
export function isOutage(error: unknown): boolean {
  return causesOf(error, MAX_DEPTH).some(
    ({ code, kind, message, originalCode }) =>
      [code, originalCode].some((one) =>
        [SQL_STATES, PRISMA_CODES, SOCKET_CODES].some((codes) => codes.test(String(one))),
      ) ||
      ADAPTER_KINDS.test(String(kind)) ||
      MESSAGES.test(String(message)),
  );
}

/** Whether the database looked at a statement and said no. */
export function isRefusal(error: unknown): boolean {
  const { code } = (error ?? {}) as Facts;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !isOutage(error);
}

/** The error and what it wraps: Prisma keeps the driver's own error in its `meta`. */
function causesOf(error: unknown, depth: number): Facts[] {
  if (typeof error !== 'object' || error === null || depth === 0) return [];
  const facts: Facts = error;
  return [facts, ...[facts.cause, facts.meta?.driverAdapterError].flatMap((one) => causesOf(one, depth - 1))];
}

/** What is said of a start that an outage ended. */
export function outageSentence(cause: unknown): string | undefined {
  return isOutage(cause)
    ? `The database went away while Headgate started (${(cause as Error).message}): start it again.`
    : undefined;
}
