import { Body, Controller, Get, HttpStatus, Param, Post, Query, Res, SerializeOptions } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Id, type Page, PageQuery } from '#libs/http';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { CreateVersionAction } from './create-version.action.ts';
import { GetVersionAction } from './get-version.action.ts';
import { ListVersionsAction } from './list-versions.action.ts';
import { CreateVersion, Version, VersionPage, type VersionSummary } from './version.schema.ts';

@Controller('v1')
export class VersionsController {
  constructor(
    private readonly createVersion: CreateVersionAction,
    private readonly getVersion: GetVersionAction,
    private readonly listVersions: ListVersionsAction,
  ) {}

  @Post('flows/:flowId/versions')
  @SerializeOptions({ schema: Version })
  @ApiCreatedResponse({ standardSchema: Version })
  @ApiOkResponse({ standardSchema: Version, description: 'The version that has the same content already.' })
  async create(
    @CurrentActor() actor: Actor,
    @Param('flowId', { schema: Id }) flowId: string,
    @Body({ schema: CreateVersion }) body: CreateVersion,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Version> {
    const { version, isNew } = await this.createVersion.run(actor, { flowId, ...body });
    void reply.status(isNew ? HttpStatus.CREATED : HttpStatus.OK);
    return version;
  }

  @Get('flows/:flowId/versions')
  @SerializeOptions({ schema: VersionPage })
  @ApiOkResponse({ standardSchema: VersionPage })
  list(
    @CurrentActor() actor: Actor,
    @Param('flowId', { schema: Id }) flowId: string,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<VersionSummary>> {
    return this.listVersions.run(actor, { flowId, ...query });
  }

  @Get('versions/:id')
  @SerializeOptions({ schema: Version })
  @ApiOkResponse({ standardSchema: Version })
  get(@CurrentActor() actor: Actor, @Param('id', { schema: Id }) id: string): Promise<Version> {
    return this.getVersion.run(actor, { id });
  }
}
