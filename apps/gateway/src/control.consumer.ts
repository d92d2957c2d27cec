import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Bus, DONE, eachMessage, type Outcome, type Reading } from '#libs/bus';
import { ControlChanged, type ControlChangedData, TOPICS } from '#libs/contracts';
import { JwtStrategy } from './access/jwt.strategy.ts';
import { DeploymentDirectory } from './deployments/deployments.public.ts';
import { KeyAuthenticator } from './keys/keys.public.ts';
import { RunAnswers } from './runs/runs.public.ts';

/** Hears from other processes that something cached here is stale. */
@Injectable()
export class ControlConsumer implements OnApplicationBootstrap, OnApplicationShutdown {
  private reading: Reading | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly keys: KeyAuthenticator,
    private readonly tokens: JwtStrategy,
    private readonly deployments: DeploymentDirectory,
    private readonly answers: RunAnswers,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.reading = await this.bus.subscribe({
      reader: 'gateway',
      topic: TOPICS.controlChanged,
      group: 'alone',
      joined: () => this.flush(),
      handle: eachMessage(ControlChanged, ({ data }) => this.handle(data)),
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.reading?.stop();
  }

  private handle({ what, organizationId }: ControlChangedData): Outcome {
    if (what === 'key') this.keys.forget(organizationId);
    if (what === 'binding') this.tokens.forget(organizationId);
    if (what === 'deployment') this.deployments.forget(organizationId);
    if (what === 'key' || what === 'binding') this.answers.recheckStreams(organizationId);
    return DONE;
  }

  /** A (re)join: hints may have been missed. */
  private flush(): void {
    this.keys.forget();
    this.tokens.forget();
    this.deployments.forget();
    this.answers.recheckStreams();
  }
}
