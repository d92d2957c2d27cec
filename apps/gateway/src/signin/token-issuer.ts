import { Inject, Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { hashToken, mintToken, newPublicId } from '#libs/crypto';
import { Doors, type UserRow } from '#libs/database';
import { newId, wallMs } from '#libs/kernel';
import { type AccessClaims, TOKEN_ISSUER, TOKEN_TYPE } from '../access/jwt.strategy.ts';
import { CELL_KEYS, type GatewayKeys } from '../gateway.keys.ts';

const ACCESS_SECONDS = 600;

export interface IssuedAccess {
  accessToken: string;
  expiresIn: number;
}

export interface IssuedSignIn extends IssuedAccess {
  /** For the cookie, and nowhere else; absent where the one that the browser has stays. */
  refreshToken: string | undefined;
}

/** Makes the tokens of a sign-in. */
@Injectable()
export class TokenIssuer {
  constructor(
    @Inject(CELL_KEYS) private readonly keys: GatewayKeys,
    private readonly doors: Doors,
  ) {}

  /** A new sign-in: a family of refresh tokens, and the first access token. */
  async begin(user: UserRow, organizationId: string): Promise<IssuedSignIn> {
    const token = mintToken('refresh', newPublicId());
    const family = {
      id: newId(),
      publicId: token.publicId,
      userId: user.id,
      organizationId,
      hash: this.hash(token.text),
    };
    await this.doors.addFamily(family);
    return { ...this.access(user, organizationId, family.id), refreshToken: token.text };
  }

  access(user: UserRow, organizationId: string, signInId: string): IssuedAccess {
    const claims: AccessClaims = {
      sub: user.id,
      org: organizationId,
      sid: signInId,
      av: user.authorizationVersion,
      iat: Math.floor(wallMs() / 1000),
    };
    const accessToken = jwt.sign(claims, this.keys.jwt.privateKey, {
      algorithm: 'ES256',
      header: { alg: 'ES256', typ: TOKEN_TYPE, kid: this.keys.jwt.kid },
      issuer: TOKEN_ISSUER,
      audience: TOKEN_ISSUER,
      expiresIn: ACCESS_SECONDS,
      jwtid: newId(),
    });
    return { accessToken, expiresIn: ACCESS_SECONDS };
  }

  hash(token: string): Buffer {
    return hashToken(this.keys.pepper, token);
  }
}
