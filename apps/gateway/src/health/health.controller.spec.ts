import { afterEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ReadinessReport } from '#libs/http';
import { HealthController } from './health.controller.ts';
import { Readiness } from './readiness.ts';

describe('the readiness that is told', () => {
  let app: NestFastifyApplication;
  afterEach(() => app.close());

  const told = async (report: ReadinessReport) => {
    class Given extends Readiness {
      report() {
        return Promise.resolve(report);
      }
    }
    @Module({ controllers: [HealthController], providers: [{ provide: Readiness, useClass: Given }] })
    class Health {}
    app = await NestFactory.create<NestFastifyApplication>(Health, new FastifyAdapter(), { logger: false });
    await app.init();
    const answer = await app.inject({ url: '/readyz' });
    return { status: answer.statusCode, body: answer.json<unknown>() };
  };

  it('is ok where nothing is wrong', async () => {
    expect(await told({ isReady: true, degraded: [] })).toEqual({
      status: 200,
      body: { status: 'ok', degraded: [] },
    });
  });

  it('is degraded, but there, where something is', async () => {
    expect(await told({ isReady: true, degraded: ['It limps.'] })).toEqual({
      status: 200,
      body: { status: 'degraded', degraded: ['It limps.'] },
    });
  });

  it('is none where runs cannot be taken', async () => {
    expect(await told({ isReady: false, degraded: ['It fell.'] })).toEqual({
      status: 503,
      body: { status: 'unavailable', degraded: ['It fell.'] },
    });
  });
});
