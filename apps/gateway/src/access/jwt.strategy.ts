import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passportJwt from 'passport-jwt';
import { Doors } from '#libs/database';
import { DEFAULTS, isRole, type Principal, type Role } from '#libs/domain';
import { AppError, TtlCache, wallMs } from '#libs/kernel';
import { CELL_KEYS, type GatewayKeys } from '../gateway.keys.ts';

export const JWT_STRATEGY = 'headgate-jwt';
export const TOKEN_ISSUER = 'headgate';
export const TOKEN_TYPE = 'at+jwt';

export interface AccessClaims {
  sub: string;
  org: string;
  sid: string;
  av: number;
  iat: number;
}

interface Membership {
  authorizationVersion: number;
  roles: Role[];
}

/** Access tokens: ES256, of our type and key, and of the user's current authorization version. */
@Injectable()
export class JwtStrategy extends PassportStrategy(passportJwt.Strategy, JWT_STRATEGY) {
  private readonly memberships = new TtlCache<Membership>(DEFAULTS.controlFreshMs, 10_000);

  constructor(
    @Inject(CELL_KEYS) keys: GatewayKeys,
    private readonly doors: Doors,
  ) {
    const publicKey = keys.jwt.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    super({
      jwtFromRequest: passportJwt.ExtractJwt.fromAuthHeaderAsBearerToken(),
      algorithms: ['ES256'],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_ISSUER,
      // the library would ask the clock of the machine
      ignoreExpiration: true,
      // the library checks neither type nor key id
      secretOrKeyProvider: (
        _request: unknown,
        token: string,
        done: (error: unknown, key?: string) => void,
      ) => {
        const header = headerOf(token);
        if (header?.typ === TOKEN_TYPE && header.kid === keys.jwt.kid) done(null, publicKey);
        else done(new AppError('token.invalid'));
      },
    });
  }

  async validate({ sub, org, av, exp }: AccessClaims & { exp?: number }): Promise<Principal> {
    if (!((exp ?? 0) > wallMs() / 1000)) throw new AppError('token.expired');
    const membership = await this.memberships.get(`${org}/${sub}`, () => this.find(sub, org));
    if (!membership || membership.authorizationVersion !== av) throw new AppError('token.invalid');
    return { kind: 'user', id: sub, organizationId: org, roles: membership.roles };
  }

  /** Someone's access changed, in the organization or in any: what is cached of it is stale. */
  forget(organizationId?: string): void {
    if (organizationId === undefined) this.memberships.clear();
    else this.memberships.forget((key) => key.startsWith(`${organizationId}/`));
  }

  private async find(userId: string, organizationId: string): Promise<Membership | undefined> {
    const [user, memberships] = await Promise.all([
      this.doors.findUser(userId),
      this.doors.membershipsOf(userId),
    ]);
    const membership = memberships.find((one) => one.organizationId === organizationId);
    return (
      user &&
      membership && {
        authorizationVersion: user.authorizationVersion,
        roles: membership.roles.filter(isRole),
      }
    );
  }
}

function headerOf(token: string): { typ?: unknown; kid?: unknown } | undefined {
  try {
    return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
