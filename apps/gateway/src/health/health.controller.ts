import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { readinessAnswer } from '#libs/http';
import { Public } from '../access/public.ts';
import { Readiness } from './readiness.ts';

@ApiExcludeController()
@Controller()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** The process is alive. */
  @Public()
  @Get('healthz')
  alive(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** The installation can take runs; and what of it is limited. */
  @Public()
  @Get('readyz')
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const { status, body } = readinessAnswer(await this.readiness.report());
    await reply.status(status).header('content-type', 'application/json; charset=utf-8').send(body);
  }
}
