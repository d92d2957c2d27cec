import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { ERRORS } from '#libs/kernel';
import { GatewayModule, type GatewayParts } from '../gateway.module.ts';

const DESCRIPTION = `Headgate runs AI flows for many tenants. Send a key or an access token as \`Authorization: Bearer …\`.
Errors are RFC 9457 problem documents; their \`code\` is stable: ${Object.keys(ERRORS).sort().join(', ')}.`;

/** The API's description, made of the routes and their schemas; nothing is started for it. */
export async function openApiText(): Promise<string> {
  // in preview nothing is instantiated, so no part is ever touched
  const app = await NestFactory.create(GatewayModule.of({} as GatewayParts), new FastifyAdapter(), {
    preview: true,
    logger: false,
  });
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Headgate')
    .setVersion('1')
    .setDescription(DESCRIPTION)
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) =>
      `${controller.replace(/Controller$/, '').toLowerCase()}.${method}`,
    standardSchemaConverter: (schema, { schemaType }) => convert(schema, schemaType),
  });
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations as Record<string, Operation>))
      describe(path, method, operation);
  }
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

interface Operation {
  responses: Record<string, object>;
  parameters?: object[];
  security?: object[];
}

/** Open to anyone. */
const OPEN = /^\/v1\/(bootstrap$|auth\/)/;

const PROBLEM = {
  type: 'object' as const,
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId', 'retryable'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong and what to do, in a sentence.' },
    instance: { type: 'string' },
    code: { type: 'string', enum: Object.keys(ERRORS).sort() },
    requestId: { type: 'string' },
    retryable: { type: 'boolean' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { pointer: { type: 'string' }, detail: { type: 'string' } } },
    },
  },
};

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key and body within 24 hours make one thing.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

/** What holds for every route. */
function describe(path: string, method: string, operation: Operation): void {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  operation.responses['default'] = { description: 'What went wrong.', content };
  if (OPEN.test(path)) operation.security = [];
  else if (method === 'post' && !path.endsWith('/cancel'))
    operation.parameters = [...(operation.parameters ?? []), IDEMPOTENCY_KEY];
}

type Schemas = Record<string, object>;

/** Schemas with an id become components, whether they stand inside others or alone. */
function convert(
  schema: unknown,
  io: 'input' | 'output',
): { schema: object; components: Schemas } | undefined {
  if (!(schema instanceof z.ZodType)) return undefined;
  const {
    $schema: _version,
    $defs = {},
    id,
    ...own
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  const components = Object.fromEntries(
    Object.entries($defs).map(([name, { id: _id, ...definition }]) => [name, definition]),
  );
  if (typeof id !== 'string') return { schema: own, components };
  return { schema: { $ref: `#/$defs/${id}` }, components: { ...components, [id]: own } };
}
