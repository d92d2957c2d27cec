import type { Readable } from 'node:stream';
import { Controller, Get, HttpCode, HttpStatus, Inject, Put, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BlobTooLargeError, FileBlobStore, isSigned } from '#libs/blobs';
import { AppError, Clock } from '#libs/kernel';
import { Public } from '../access/public.ts';
import { CELL_KEYS, type GatewayKeys } from '../gateway.keys.ts';

const FETCHED = /^\/blobs\/([0-9a-f-]{36}\/[0-9a-f]{64}|staging\/[0-9a-f-]{36}\/\d+\/assignment)$/;
const STAGED = /^\/blobs\/(staging\/[0-9a-f-]{36}\/\d+)\/(\d+)$/;

/** Where executors fetch and put large values when the store is the file system; a signed URL is all they need. */
@ApiExcludeController()
@Controller('blobs')
export class BlobsController {
  constructor(
    private readonly blobs: FileBlobStore,
    private readonly clock: Clock,
    @Inject(CELL_KEYS) private readonly keys: GatewayKeys,
  ) {}

  @Public()
  @Get('*')
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { pathname, query } = locate(request);
    const key = FETCHED.exec(pathname)?.[1];
    if (key === undefined) throw new AppError('resource.not_found');
    this.check('GET', key, query);
    const content = await this.blobs.get(key).catch(() => {
      throw new AppError('resource.not_found');
    });
    await reply.header('content-type', 'application/octet-stream').send(content);
  }

  @Public()
  @Put('*')
  @HttpCode(HttpStatus.NO_CONTENT)
  async put(@Req() request: FastifyRequest): Promise<void> {
    const { pathname, query } = locate(request);
    const match = STAGED.exec(pathname);
    if (!match?.[1] || !match[2]) throw new AppError('resource.not_found');
    const { maxBytes } = this.check('PUT', match[1], query);
    try {
      await this.blobs.upload(`${match[1]}/${match[2]}`, request.body as Readable, maxBytes);
    } catch (cause) {
      if (cause instanceof BlobTooLargeError)
        throw new AppError('request.too_large', { detail: `This upload may hold ${maxBytes} bytes.` });
      throw cause;
    }
  }

  private check(method: 'GET' | 'PUT', path: string, query: URLSearchParams): { maxBytes: number } {
    const expiresAtSeconds = Number(query.get('expires'));
    const maxBytes = Number(query.get('max'));
    const signed = { method, path, expiresAtSeconds, maxBytes };
    const nowSeconds = this.clock.now().getTime() / 1000;
    if (!isSigned(this.keys.blobUrl, signed, query.get('signature') ?? '', nowSeconds))
      throw new AppError('resource.not_found');
    return { maxBytes };
  }
}

function locate(request: FastifyRequest): { pathname: string; query: URLSearchParams } {
  const { pathname, searchParams } = new URL(request.url, 'http://blobs.invalid');
  return { pathname, query: searchParams };
}
