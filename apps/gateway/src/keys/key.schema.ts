import { z } from 'zod';
import { KEY_SCOPES } from '#libs/domain';
import { Id, Name, pageOf, Timestamp } from '#libs/http';

const Scopes = z.array(z.enum(KEY_SCOPES)).min(1).max(KEY_SCOPES.length);

export const CreateKey = z
  .strictObject({
    name: Name,
    kind: z.literal('flow').meta({ description: 'A key for programs that call deployments.' }),
    deploymentIds: z.array(Id).min(1).max(200),
    scopes: Scopes.default(['run:create', 'run:read', 'run:cancel']),
    expiresAt: z.iso.datetime().optional(),
  })
  .meta({ id: 'CreateKey' });
export type CreateKey = z.output<typeof CreateKey>;

export const Key = z
  .object({
    id: Id,
    name: z.string(),
    kind: z.string(),
    lastFour: z.string(),
    scopes: z.array(z.string()),
    deploymentIds: z.array(Id),
    expiresAt: Timestamp.nullable(),
    revokedAt: Timestamp.nullable(),
    lastUsedAt: Timestamp.nullable(),
    createdAt: Timestamp,
  })
  .meta({ id: 'Key' });
export type Key = z.output<typeof Key>;

export const CreatedKey = Key.extend({
  token: z.string().optional().meta({ description: 'Shown this once.' }),
}).meta({ id: 'CreatedKey' });
export type CreatedKey = z.output<typeof CreatedKey>;

export const KeyPage = pageOf(Key, 'KeyPage');
