import type { Socket } from 'node:net';
import { AppError, newId, problemOf } from '#libs/kernel';

const TIMED_OUT = 'ERR_HTTP_REQUEST_TIMEOUT';
const OVERFLOW = 'HPE_HEADER_OVERFLOW';

/** Answers what is no request, or none in time: there is nobody yet who could. */
export function answerUnreadable({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const problem = problemOf(errorOf(code));
  const requestId = newId();
  const body = JSON.stringify({ ...problem, instance: `urn:headgate:request:${requestId}`, requestId });
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function errorOf(code: string | undefined): AppError {
  if (code === TIMED_OUT) return new AppError('request.timeout');
  const detail = code === OVERFLOW ? 'The headers are too large.' : 'This is not a request of HTTP.';
  return new AppError('request.malformed', { detail });
}
