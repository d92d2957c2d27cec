import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

export interface S3Credentials {
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** What of a request is signed. The path holds only letters that stand in a URL as they are. */
export interface UnsignedRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  host: string;
  path: string;
  at: Date;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** AWS Signature Version 4, for S3. */
export class S3Signer {
  private day: { name: string; key: KeyObject } | undefined;

  constructor(private readonly credentials: S3Credentials) {}

  /** The headers that a request needs beside those given, whose names are in lower case. */
  signHeaders(
    request: UnsignedRequest,
    contentHash: string,
    given: Record<string, string> = {},
  ): Record<string, string> {
    const time = timeOf(request.at);
    const headers: Record<string, string> = {
      ...given,
      'x-amz-content-sha256': contentHash,
      'x-amz-date': time,
    };
    const all = Object.entries({ ...headers, host: request.host }).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const names = all.map(([name]) => name).join(';');
    const lines = all.map(([name, value]) => `${name}:${value.trim()}\n`).join('');
    const signature = this.sign(
      time,
      `${request.method}\n${request.path}\n\n${lines}\n${names}\n${contentHash}`,
    );
    const credential = `${this.credentials.accessKeyId}/${this.scopeOf(time)}`;
    headers['authorization'] =
      `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`;
    return headers;
  }

  /** What makes URLs of requests that anybody may send for so long: one query for all paths, and a signature for each. */
  presign(
    { method, host, at }: Omit<UnsignedRequest, 'path'>,
    forSeconds: number,
  ): { query: string; signatureOf: (path: string) => string } {
    const time = timeOf(at);
    const credential = encoded(`${this.credentials.accessKeyId}/${this.scopeOf(time)}`);
    const query = `X-Amz-Algorithm=${ALGORITHM}&X-Amz-Credential=${credential}&X-Amz-Date=${time}&X-Amz-Expires=${forSeconds}&X-Amz-SignedHeaders=host`;
    const rest = `${query}\nhost:${host}\n\nhost\nUNSIGNED-PAYLOAD`;
    return { query, signatureOf: (path) => this.sign(time, `${method}\n${path}\n${rest}`) };
  }

  private sign(time: string, canonicalRequest: string): string {
    return createHmac('sha256', this.keyOf(time))
      .update(`${ALGORITHM}\n${time}\n${this.scopeOf(time)}\n${hash('sha256', canonicalRequest)}`)
      .digest('hex');
  }

  private scopeOf(time: string): string {
    return `${time.slice(0, 8)}/${this.credentials.region}/s3/aws4_request`;
  }

  private keyOf(time: string): KeyObject {
    const name = time.slice(0, 8);
    if (this.day?.name !== name) {
      const steps = [name, this.credentials.region, 's3', 'aws4_request'];
      const key = steps.reduce(
        (before, step) => createSecretKey(createHmac('sha256', before).update(step).digest()),
        createSecretKey(`AWS4${this.credentials.secretAccessKey}`, 'utf8'),
      );
      this.day = { name, key };
    }
    return this.day.key;
  }
}

/** `20130524T000000Z` */
function timeOf(at: Date): string {
  return `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
