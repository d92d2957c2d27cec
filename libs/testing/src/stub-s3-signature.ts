import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface S3Login {
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** A request as it came in: the target is its path and query. */
export interface S3Request {
  method: string;
  target: string;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

interface Claim {
  credential: string;
  signedHeaders: string;
  signature: string;
  time: string;
  payload: string;
  /** In a URL; a header's is good for a quarter of an hour. */
  expiresSeconds?: number;
}

const SKEW_MS = 15 * 60_000;
const TIME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** What S3 would say of a request's signature (version 4), by its code; undefined where it holds. */
export function s3SignatureFault(request: S3Request, login: S3Login, nowMs: number): string | undefined {
  const { pathname, searchParams } = new URL(request.target, 'http://s3.invalid');
  const claim = claimOf(request, searchParams);
  if (!claim) return 'AccessDenied';
  const [accessKeyId, day, region, service, end] = claim.credential.split('/');
  if (accessKeyId !== login.accessKeyId) return 'InvalidAccessKeyId';
  if (region !== login.region || service !== 's3' || end !== 'aws4_request')
    return 'AuthorizationHeaderMalformed';
  const atMs = Date.parse(claim.time.replace(TIME, '$1-$2-$3T$4:$5:$6Z'));
  if (Number.isNaN(atMs) || day !== claim.time.slice(0, 8)) return 'AccessDenied';
  const time = timeFault(claim, atMs, nowMs);
  if (time) return time;
  if (!signsEnough(claim, request.headers)) return 'AccessDenied';
  const canonical = [
    request.method,
    encodePath(pathname),
    encodeQuery(searchParams),
    ...claim.signedHeaders.split(';').map((name) => `${name}:${headerOf(request, name)}`),
    '',
    claim.signedHeaders,
    claim.payload,
  ].join('\n');
  const scope = claim.credential.slice(accessKeyId.length + 1);
  const text = `AWS4-HMAC-SHA256\n${claim.time}\n${scope}\n${sha256(canonical)}`;
  const key = [day, region, service, end].reduce<string | Buffer>(hmac, `AWS4${login.secretAccessKey}`);
  const expected = hmac(key, text);
  const given = Buffer.from(claim.signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'SignatureDoesNotMatch';
  const isBody = claim.payload === 'UNSIGNED-PAYLOAD' || claim.payload === sha256(request.body);
  return isBody ? undefined : 'XAmzContentSHA256Mismatch';
}

function claimOf(request: S3Request, query: URLSearchParams): Claim | undefined {
  const parts = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)$/.exec(
    headerOf(request, 'authorization'),
  );
  if (parts) {
    const [, credential = '', signedHeaders = '', signature = ''] = parts;
    const time = headerOf(request, 'x-amz-date');
    return { credential, signedHeaders, signature, time, payload: headerOf(request, 'x-amz-content-sha256') };
  }
  if (query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') return undefined;
  const of = (name: string) => query.get(`X-Amz-${name}`) ?? '';
  return {
    credential: of('Credential'),
    signedHeaders: of('SignedHeaders'),
    signature: of('Signature'),
    time: of('Date'),
    payload: 'UNSIGNED-PAYLOAD',
    expiresSeconds: Number(of('Expires')),
  };
}

function timeFault({ expiresSeconds }: Claim, atMs: number, nowMs: number): string | undefined {
  if (expiresSeconds === undefined)
    return Math.abs(nowMs - atMs) > SKEW_MS ? 'RequestTimeTooSkewed' : undefined;
  if (!(expiresSeconds >= 1 && expiresSeconds <= 604_800)) return 'AuthorizationQueryParametersError';
  return nowMs < atMs - SKEW_MS || nowMs >= atMs + expiresSeconds * 1_000 ? 'AccessDenied' : undefined;
}

/** The host, and all that S3 itself reads, must be signed. */
function signsEnough({ signedHeaders }: Claim, headers: S3Request['headers']): boolean {
  const signed = new Set(signedHeaders.split(';'));
  const amazons = Object.keys(headers).filter((name) => name.startsWith('x-amz-'));
  return ['host', ...amazons].every((name) => signed.has(name));
}

function headerOf({ headers }: S3Request, name: string): string {
  return String(headers[name] ?? '')
    .trim()
    .replaceAll(/ +/g, ' ');
}

function encodePath(pathname: string): string {
  return pathname
    .split('/')
    .map((part) => encode(decodeURIComponent(part)))
    .join('/');
}

function encodeQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join('&');
}

function encode(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
