import { newId } from '#libs/kernel';
import type { Answer, ApiClient, Tenant, TestRing } from '#libs/testing';
import { Passwords } from '../../../apps/gateway/src/signin/passwords.ts';

export interface Credentials {
  userId: string;
  email: string;
  password: string;
}

/** Gives a tenant's owner a password. */
export async function withPassword(
  ring: TestRing,
  tenant: Tenant,
  password = `${newId()} ${newId()}`,
): Promise<Credentials> {
  const hash = await ring.standalone.gateway.get(Passwords).hash(password);
  const [user] = await ring.rows<{ email: string }>(
    'update app_user set password_hash = $2 where id = $1 returning email',
    [tenant.userId, hash],
  );
  return { userId: tenant.userId, email: user?.email ?? '', password };
}

/** The refresh cookie that an answer sets, or undefined. */
export function cookieOf({ headers }: Answer<unknown>): string | undefined {
  return /^hg-refresh=([^;]*)/.exec(headers.get('set-cookie') ?? '')?.[1];
}

export function refresh(client: ApiClient, token: string | undefined, body: object = {}) {
  return client.post<{ accessToken: string; code: string }>(
    '/v1/auth/refresh',
    body,
    token === undefined ? {} : { cookie: `other=1; hg-refresh=${token}` },
  );
}
