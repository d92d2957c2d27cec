import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TenantDatabase } from '#libs/database';
import type { Principal } from '#libs/domain';
import type { DeploymentStore, RunnableDeployment } from './deployment.store.ts';
import { DeploymentDirectory } from './deployment-directory.ts';

const owner = (organizationId: string): Principal => ({
  kind: 'user',
  id: 'user',
  organizationId,
  roles: ['owner'],
});

describe('what a reference to a deployment means', () => {
  let asked: string[];
  let there: string[];
  let directory: DeploymentDirectory;
  beforeEach(() => {
    asked = [];
    there = ['echo'];
    const withOrg = (organizationId: string, work: (tx: object) => unknown) => {
      asked.push(organizationId);
      return work({});
    };
    const candidates = async (_tx: object, ref: string) =>
      there.filter((name) => name === ref).map((name) => ({ id: name, name }) as RunnableDeployment);
    directory = new DeploymentDirectory(
      { withOrg } as unknown as TenantDatabase,
      { candidates } as unknown as DeploymentStore,
    );
  });
  const resolve = (organizationId: string, ref = 'echo') =>
    directory.resolve(owner(organizationId), ref, undefined);

  it('is asked again only in the organization of which a deployment changed', async () => {
    for (const organizationId of ['a', 'b']) await resolve(organizationId);
    directory.forget('a');
    for (const organizationId of ['a', 'b']) await resolve(organizationId);
    expect(asked).toEqual(['a', 'b', 'a']);
    directory.forget();
    for (const organizationId of ['a', 'b']) await resolve(organizationId);
    expect(asked).toEqual(['a', 'b', 'a', 'a', 'b']);
  });

  it('is nothing where there is none, until one is made', async () => {
    for (let times = 0; times < 2; times += 1)
      await expect(resolve('a', 'new')).rejects.toMatchObject({ code: 'resource.not_found' });
    expect(asked).toEqual(['a']);
    there.push('new');
    directory.forget('a');
    expect((await resolve('a', 'new')).name).toBe('new');
  });
});
