import { type DynamicModule, Global, Module, StandardSchemaSerializerInterceptor } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, Reflector } from '@nestjs/core';
import { BlobStore, FileBlobStore } from '#libs/blobs';
import { Bus } from '#libs/bus';
import { KeyProvider } from '#libs/crypto';
import { Doors, isOutage, type Pool, TenantDatabase } from '#libs/database';
import type { Catalog } from '#libs/engine';
import { ProblemFilter, validationPipe } from '#libs/http';
import { Clock } from '#libs/kernel';
import { RunAcceptor } from '#libs/runs';
import type { Logger } from '#libs/telemetry';
import { AccessRecheck } from './access/access-recheck.ts';
import { ActionServices } from './access/action-services.ts';
import { ControlAnnouncer } from './access/control-announcer.ts';
import { IdempotencyStore } from './access/idempotency.store.ts';
import { Idempotency } from './access/idempotency.ts';
import { JwtStrategy } from './access/jwt.strategy.ts';
import { ReplayInterceptor } from './access/replay.interceptor.ts';
import { AuditStore, AuditTrail } from './audit/audit.public.ts';
import { AuthenticateGuard } from './authenticate.guard.ts';
import { BlobsController } from './blobs/blobs.controller.ts';
import { ControlConsumer } from './control.consumer.ts';
import { DeploymentsModule } from './deployments/deployments.module.ts';
import { DocsController } from './docs/docs.controller.ts';
import { OpenApiDocument } from './docs/open-api-document.ts';
import { EnvironmentsModule } from './environments/environments.module.ts';
import { FlowsModule } from './flows/flows.module.ts';
import { CELL_KEYS, type GatewayKeys } from './gateway.keys.ts';
import { HealthController } from './health/health.controller.ts';
import { Readiness } from './health/readiness.ts';
import { KeysModule } from './keys/keys.module.ts';
import { ProjectsModule } from './projects/projects.module.ts';
import { RunsModule } from './runs/runs.module.ts';
import { SigninModule } from './signin/signin.module.ts';
import { TracesModule } from './traces/traces.module.ts';
import { VariablesModule } from './variables/variables.module.ts';
import { VersionsModule } from './versions/versions.module.ts';
import { CATALOG } from './versions/versions.public.ts';

/** What the gateway needs from the process that it runs in. */
export interface GatewayParts {
  bus: Bus;
  pool: Pool;
  doors: Doors;
  database: TenantDatabase;
  blobs: BlobStore;
  keys: GatewayKeys;
  keyProvider: KeyProvider;
  catalog: Catalog;
  clock: Clock;
  readiness: Readiness;
  openApiPath: string;
  log: Logger;
}

@Global()
@Module({})
class PartsModule {
  static of(parts: GatewayParts): DynamicModule {
    const given = [
      { provide: Bus, useValue: parts.bus },
      { provide: RunAcceptor, useValue: new RunAcceptor(parts.pool) },
      { provide: TenantDatabase, useValue: parts.database },
      { provide: Doors, useValue: parts.doors },
      { provide: BlobStore, useValue: parts.blobs },
      ...(parts.blobs instanceof FileBlobStore ? [{ provide: FileBlobStore, useValue: parts.blobs }] : []),
      { provide: CELL_KEYS, useValue: parts.keys },
      { provide: KeyProvider, useValue: parts.keyProvider },
      { provide: CATALOG, useValue: parts.catalog },
      { provide: Clock, useValue: parts.clock },
      { provide: Readiness, useValue: parts.readiness },
      { provide: OpenApiDocument, useValue: new OpenApiDocument(parts.openApiPath) },
      { provide: ProblemFilter, useValue: new ProblemFilter(parts.log, isOutage) },
    ];
    const own = [
      AccessRecheck,
      ActionServices,
      AuditStore,
      AuditTrail,
      ControlAnnouncer,
      Idempotency,
      IdempotencyStore,
    ];
    return {
      module: PartsModule,
      providers: [...given, ...own],
      exports: [...given.map((one) => one.provide), ...own],
    };
  }
}

@Module({})
export class GatewayModule {
  static of(parts: GatewayParts): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        PartsModule.of(parts),
        SigninModule,
        ProjectsModule,
        EnvironmentsModule,
        FlowsModule,
        VersionsModule,
        DeploymentsModule,
        VariablesModule,
        KeysModule,
        RunsModule,
        TracesModule,
      ],
      // a bucket is reached by itself
      controllers: [
        ...(parts.blobs instanceof FileBlobStore ? [BlobsController] : []),
        HealthController,
        DocsController,
      ],
      providers: [
        JwtStrategy,
        ControlConsumer,
        { provide: APP_GUARD, useClass: AuthenticateGuard },
        { provide: APP_PIPE, useFactory: validationPipe },
        { provide: APP_FILTER, useExisting: ProblemFilter },
        { provide: APP_INTERCEPTOR, useClass: ReplayInterceptor },
        {
          provide: APP_INTERCEPTOR,
          useFactory: (reflector: Reflector) => new StandardSchemaSerializerInterceptor(reflector),
          inject: [Reflector],
        },
      ],
    };
  }
}
