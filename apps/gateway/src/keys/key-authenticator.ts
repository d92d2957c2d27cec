import { Inject, Injectable } from '@nestjs/common';
import { hashToken, isSameHash, readToken, TOKEN_KINDS } from '#libs/crypto';
import { Doors, type KeyRow, TenantDatabase } from '#libs/database';
import { DEFAULTS, KEY_SCOPES, type KeyScope, type Principal } from '#libs/domain';
import { AppError, Recent, TtlCache, wallMs } from '#libs/kernel';
import { CELL_KEYS, type GatewayKeys } from '../gateway.keys.ts';
import { KeyStore } from './key.store.ts';

const LAST_USED_STEP_MS = 60_000;
const MOST_KEYS = 50_000;

/** Says whose key a token is; each way to fail has its code, and what is malformed costs no query. */
@Injectable()
export class KeyAuthenticator {
  private readonly rows = new TtlCache<KeyRow>(DEFAULTS.controlFreshMs, MOST_KEYS);
  private readonly lastWrittenMs = new Recent<string, number>(MOST_KEYS);

  constructor(
    @Inject(CELL_KEYS) private readonly keys: GatewayKeys,
    private readonly doors: Doors,
    private readonly database: TenantDatabase,
    private readonly store: KeyStore,
  ) {}

  async authenticate(text: string): Promise<Principal> {
    const token = readToken(text);
    if (token?.letter !== TOKEN_KINDS.flow) {
      throw new AppError('key.malformed', {
        detail: 'This is not a key: copy it again, whole, as it was shown when it was made.',
      });
    }
    const row = await this.rows.get(token.publicId, () => this.doors.findKey(token.publicId));
    const hash = hashToken(this.keys.pepper, text);
    if (!row || !isSameHash(hash, row.hash)) throw new AppError('key.invalid');
    if (row.revokedAt) throw new AppError('key.revoked');
    if (row.expiresAt && row.expiresAt.getTime() <= wallMs()) throw new AppError('key.expired');
    this.noteUse(row);
    return {
      kind: 'key',
      id: row.id,
      organizationId: row.organizationId,
      scopes: row.scopes.filter(isKeyScope),
      deploymentIds: row.deploymentIds,
    };
  }

  /** A key of the organization changed, or of any: what is cached is stale. */
  forget(organizationId?: string): void {
    if (organizationId === undefined) this.rows.clear();
    else this.rows.forget((_publicId, row) => row?.organizationId === organizationId);
  }

  private noteUse({ id, organizationId, lastUsedAt }: KeyRow): void {
    const nowMs = wallMs();
    const lastMs = this.lastWrittenMs.get(id) ?? lastUsedAt?.getTime() ?? 0;
    if (nowMs - lastMs < LAST_USED_STEP_MS) return;
    this.lastWrittenMs.set(id, nowMs);
    // nobody waits for it, and a use that is not noted is no fault
    void this.database
      .withOrg(organizationId, (tx) =>
        this.store.noteUse(tx, { orgId: organizationId, id, lastUsedAt: new Date(nowMs) }),
      )
      .catch(() => undefined);
  }
}

function isKeyScope(scope: string): scope is KeyScope {
  return (KEY_SCOPES as readonly string[]).includes(scope);
}
