import {
  Body,
  Controller,
  Delete,
  Get,
  HttpStatus,
  Param,
  Post,
  Query,
  Res,
  SerializeOptions,
} from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Id, type Page, PageQuery } from '#libs/http';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { CreateKeyAction } from './create-key.action.ts';
import { GetKeyAction } from './get-key.action.ts';
import { CreatedKey, CreateKey, Key, KeyPage } from './key.schema.ts';
import { ListKeysAction } from './list-keys.action.ts';
import { RevokeKeyAction } from './revoke-key.action.ts';

@Controller('v1/keys')
export class KeysController {
  constructor(
    private readonly createKey: CreateKeyAction,
    private readonly getKey: GetKeyAction,
    private readonly listKeys: ListKeysAction,
    private readonly revokeKey: RevokeKeyAction,
  ) {}

  @Post()
  @SerializeOptions({ schema: CreatedKey })
  @ApiCreatedResponse({ standardSchema: CreatedKey })
  async create(
    @CurrentActor() actor: Actor,
    @Body({ schema: CreateKey }) body: CreateKey,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedKey> {
    const key = await this.createKey.run(actor, body);
    // a repeated request gets the key without its token
    void reply.status(key.token === undefined ? HttpStatus.OK : HttpStatus.CREATED);
    return key;
  }

  @Get()
  @SerializeOptions({ schema: KeyPage })
  @ApiOkResponse({ standardSchema: KeyPage })
  list(@CurrentActor() actor: Actor, @Query({ schema: PageQuery }) query: PageQuery): Promise<Page<Key>> {
    return this.listKeys.run(actor, query);
  }

  @Get(':id')
  @SerializeOptions({ schema: Key })
  @ApiOkResponse({ standardSchema: Key })
  get(@CurrentActor() actor: Actor, @Param('id', { schema: Id }) id: string): Promise<Key> {
    return this.getKey.run(actor, { id });
  }

  @Delete(':id')
  @SerializeOptions({ schema: Key })
  @ApiOkResponse({ standardSchema: Key, description: 'The key, revoked.' })
  revoke(@CurrentActor() actor: Actor, @Param('id', { schema: Id }) id: string): Promise<Key> {
    return this.revokeKey.run(actor, { id });
  }
}
