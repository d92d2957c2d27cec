import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { Turns } from '#libs/kernel';

const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** A sign-in that would wait behind more is told to come back: each takes tens of milliseconds. */
const MOST_WAITING = 64;
const CURRENT = '$argon2id$v=19$m=19456,t=2,p=1$';

/** Hashes passwords, never so many at a time that nothing else gets a processor. */
@Injectable()
export class Passwords {
  private readonly turns = new Turns(Math.max(1, availableParallelism() - 1), MOST_WAITING);
  /** Compared with where there is no user, so that both take as long. */
  private readonly dummy = this.hash('nobody has this password');

  hash(password: string): Promise<string> {
    return this.turns.take(() => hash(password.normalize('NFC'), PARAMETERS));
  }

  async verify(stored: string | undefined, password: string): Promise<boolean> {
    const against = stored ?? (await this.dummy);
    const isRight = await this.turns.take(() => verify(against, password.normalize('NFC')));
    return isRight && stored !== undefined;
  }

  /** Whether a hash was made with other parameters than today's. */
  isOutdated(stored: string): boolean {
    return !stored.startsWith(CURRENT);
  }
}
