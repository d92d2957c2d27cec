import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { z } from 'zod';
import { AppStartError } from '#libs/kernel';

const secret32 = z.base64url().transform((text, context) => {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== 32) context.addIssue({ code: 'custom', message: 'must be 32 bytes in base64url' });
  return bytes;
});

const privateKey = z.string().transform((pem, context): KeyObject => {
  try {
    return createPrivateKey(pem);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a private key in PEM' });
    return z.NEVER;
  }
});

const KeysFile = z.object({
  root: secret32,
  pepper: secret32,
  cell: secret32,
  pool: secret32,
  blobUrl: secret32,
  jwt: z.object({ kid: z.string().min(1), privateKey }),
});

/** The keys of a cell. Each role is given its own part of them. */
export interface CellKeys {
  /** Wraps the organizations' keys: gateway and conductor. */
  root: Buffer;
  /** Hashes tokens and idempotent bodies: gateway. */
  pepper: Buffer;
  /** Makes and checks run tokens: conductor and recorder. */
  cell: Buffer;
  /** Authenticates an executor's first word: conductor and executors. */
  pool: Buffer;
  /** Signs the URLs of blobs: gateway and conductor. */
  blobUrl: Buffer;
  jwt: { kid: string; privateKey: KeyObject; publicKey: KeyObject };
}

/** Reads all keys, or some, which then need not stand with the others. */
export function readKeysFile<Part extends keyof CellKeys = keyof CellKeys>(
  path: string,
  parts?: readonly Part[],
): Pick<CellKeys, Part> {
  const wanted = (parts ?? Object.keys(KeysFile.shape)).map((part) => [part, true] as const);
  const schema = KeysFile.pick(Object.fromEntries(wanted) as Record<keyof CellKeys, true>);
  const parsed = schema.safeParse(jsonOf(textOf(path)));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => [issue.path.join('.'), issue.message].join(' '));
    throw new AppStartError(
      `The keys file ${path} is damaged (${faults.join(', ').trim()}): put it back from a copy, as without it no secret can be opened.`,
    );
  }
  const { jwt, ...secrets }: Partial<z.output<typeof KeysFile>> = parsed.data;
  const keys = { ...secrets, ...(jwt && { jwt: { ...jwt, publicKey: createPublicKey(jwt.privateKey) } }) };
  return keys as Pick<CellKeys, Part>;
}

/** Of an executor's keys file, which holds nothing else: no tenant's code may run beside the keys of the cell. */
export function readPoolKey(path: string): Buffer {
  const parsed = jsonOf(textOf(path));
  const others = Object.keys(parsed instanceof Object ? parsed : {}).filter((name) => name !== 'pool');
  if (others.length > 0)
    throw new AppStartError(
      `The keys file ${path} holds more than the pool key (${others.join(', ')}): give executors a file of their own with "pool" alone.`,
    );
  return readKeysFile(path, ['pool']).pool;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AppStartError(
      `The keys file ${path} cannot be read (${(cause as NodeJS.ErrnoException).code}): put it back, or set HEADGATE_KEYS_FILE to where it is.`,
    );
  }
}

/** Undefined where it is no JSON: the parser's own message would show what stands in the file. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes new keys where there are none. Whole or not at all, and never over a file that exists. */
export function ensureKeysFile(path: string): void {
  if (existsSync(path)) return;
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, newKeys());
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, path);
  } catch (cause) {
    if (!existsSync(path)) throw cause;
  } finally {
    unlinkSync(draft);
  }
}

function newKeys(): string {
  const random = () => randomBytes(32).toString('base64url');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = {
    root: random(),
    pepper: random(),
    cell: random(),
    pool: random(),
    blobUrl: random(),
    jwt: {
      kid: randomBytes(8).toString('hex'),
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    },
  };
  return `${JSON.stringify(keys, null, 2)}\n`;
}
