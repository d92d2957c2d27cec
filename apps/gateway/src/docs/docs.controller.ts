import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AppError } from '#libs/kernel';
import { Public } from '../access/public.ts';
import { OpenApiDocument } from './open-api-document.ts';

const ASSETS: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Headgate API</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="api"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`;
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true });\n`;

/** The API's description, for programs and for people. */
@ApiExcludeController()
@Controller()
export class DocsController {
  constructor(private readonly document: OpenApiDocument) {}

  @Public()
  @Get('openapi.json')
  async json(@Res() reply: FastifyReply): Promise<void> {
    await reply.header('content-type', 'application/json; charset=utf-8').send(await this.document.text());
  }

  @Public()
  @Get('docs')
  async page(@Res() reply: FastifyReply): Promise<void> {
    await reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      .send(PAGE);
  }

  @Public()
  @Get('docs/:file')
  async asset(@Param('file') file: string, @Res() reply: FastifyReply): Promise<void> {
    const type = ASSETS[file];
    if (file === 'start.js')
      return void (await reply.header('content-type', 'text/javascript; charset=utf-8').send(START));
    if (type === undefined || !Object.hasOwn(ASSETS, file)) throw new AppError('route.not_found');
    const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
    await reply.header('content-type', type).send(await readFile(join(folder, file)));
  }
}

const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";
