import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULTS } from '#libs/domain';
import { chain, chatOutput, prompt, type Tenant, TestRing } from '#libs/testing';
import { endedRun, type Listed, type RunView } from './world.ts';

const COUNT = 9;

describe('a page of large runs', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let newestFirst: string[];
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    await tenant.deploy('says', chain(prompt('Prompt-1', 'this', []), chatOutput()));
    const ids: string[] = [];
    for (let index = 0; index < COUNT; index += 1)
      ids.push((await tenant.api.post<RunView>('/v1/deployments/says/runs')).body.id);
    await Promise.all(ids.map((id) => endedRun(tenant.api, id)));
    newestFirst = ids.reverse();
  });
  afterAll(() => ring.dispose());

  const enlarge = (column: string, bytes: number, id?: string) =>
    ring.rows(
      `update run set ${column} = json_build_object('x', repeat('x', $1)) where id = coalesce($2, id)`,
      [bytes, id ?? null],
    );
  const walk = async (limit: number) => {
    const pages: string[][] = [];
    for (let query = ''; ; ) {
      const { body } = await tenant.api.get<Listed<RunView>>(`/v1/runs?limit=${limit}${query}`);
      expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(3 * DEFAULTS.pageBytes);
      pages.push(body.data.map(({ id }) => id));
      if (body.nextCursor === null) return pages;
      query = `&cursor=${body.nextCursor}`;
    }
  };
  const lengthsOf = (pages: string[][]) => pages.map(({ length }) => length);

  it.each(['metadata', 'input'])(
    'ends with the run that makes it a MiB by its %s, and the next goes on there',
    async (column) => {
      await enlarge(column, 300_000);
      const pages = await walk(200);
      expect(lengthsOf(pages)).toEqual([4, 4, 1]);
      expect(pages.flat()).toEqual(newestFirst);
      expect(lengthsOf(await walk(3))).toEqual([3, 3, 3]);
      await enlarge(column, 1);
    },
  );

  it('holds one run at least', async () => {
    for (const id of newestFirst.slice(0, 2)) await enlarge('metadata', 2 * DEFAULTS.pageBytes, id);
    const pages = await walk(200);
    expect(lengthsOf(pages)).toEqual([1, 1, COUNT - 2]);
    expect(pages.flat()).toEqual(newestFirst);
  });
});
