import { z } from 'zod';
import { Id, pageOf, Timestamp, text } from '#libs/http';
import { isUuid } from '#libs/kernel';

const DeploymentName = text(1, 80)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    'may hold letters, digits, dots, dashes and underscores, and begins with a letter or digit',
  )
  .refine((name) => !isUuid(name), 'may not look like an id');

const WHOLE = 10_000;

/** All of the traffic to one version; shares of several come later. */
const Traffic = z
  .array(z.strictObject({ versionId: Id, basisPoints: z.literal(WHOLE) }))
  .length(1)
  .meta({ description: 'One version with all 10000 basis points.' });

/** The version that all of the traffic goes to. */
export function wholeOf([share]: z.output<typeof Traffic>): string {
  if (!share) throw new Error('traffic without a share has passed its schema');
  return share.versionId;
}

export const CreateDeployment = z
  .strictObject({ flowId: Id, environmentId: Id, name: DeploymentName, traffic: Traffic.optional() })
  .meta({ id: 'CreateDeployment' });
export type CreateDeployment = z.output<typeof CreateDeployment>;

export const UpdateDeployment = z
  .strictObject({ traffic: Traffic, reason: text(0, 500).optional() })
  .meta({ id: 'UpdateDeployment' });
export type UpdateDeployment = z.output<typeof UpdateDeployment>;

export const Deployment = z
  .object({
    id: Id,
    projectId: Id,
    environmentId: Id,
    environment: z.string(),
    flowId: Id,
    name: z.string(),
    release: z
      .object({
        id: Id,
        number: z.number().int(),
        traffic: z.array(z.object({ versionId: Id, basisPoints: z.number().int() })),
        reason: z.string(),
        createdAt: Timestamp,
      })
      .nullable(),
    createdAt: Timestamp,
  })
  .meta({ id: 'Deployment' });
export type Deployment = z.output<typeof Deployment>;

export const DeploymentPage = pageOf(Deployment, 'DeploymentPage');
