import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/config';

/** Files by their path. */
type Sources = Record<string, string>;

/** The slice that a file of an app stands in; none where it stands above them. */
const sliceOf = (path: string) => /^apps\/[^/]+\/src\/[^/]+(?=\/)/.exec(path)?.[0];

/** Which slices each slice uses, in types as well. */
function usesOf(sources: Sources): Map<string, Set<string>> {
  const uses = new Map<string, Set<string>>();
  for (const [file, text] of Object.entries(sources)) {
    const slice = sliceOf(file);
    if (slice === undefined) continue;
    const used = uses.get(slice) ?? new Set();
    uses.set(slice, used);
    for (const [, from = ''] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
      const other = sliceOf(normalize(join(dirname(file), from)));
      if (other !== undefined && other !== slice) used.add(other);
    }
  }
  return uses;
}

/** Slices that need themselves, by way of others. */
function circularSlices(sources: Sources): string[] {
  const uses = usesOf(sources);
  const reachable = (from: string, seen = new Set<string>()): Set<string> => {
    for (const next of uses.get(from) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      reachable(next, seen);
    }
    return seen;
  };
  return [...uses.keys()].filter((slice) => reachable(slice).has(slice)).sort();
}

function sourcesOfApps(): Sources {
  const files = globSync('apps/*/src/**/*.ts', { cwd: projectRoot() }).filter(
    (file) => !file.endsWith('.spec.ts'),
  );
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(projectRoot(), file), 'utf8')]));
}

describe('the slices of an app', () => {
  it('never need each other, neither directly nor by way of a third', () => {
    const sources = sourcesOfApps();
    const uses = usesOf(sources);
    expect(uses.get('apps/gateway/src/runs')).toContain('apps/gateway/src/access');
    expect(uses.get('apps/conductor/src/placement')).toContain('apps/conductor/src/queue');
    expect(circularSlices(sources)).toEqual([]);
  });

  const A = 'apps/gateway/src/a';
  const B = 'apps/gateway/src/b';
  const C = 'apps/gateway/src/c';
  it.each<[string, Sources, string[]]>([
    [
      'two',
      {
        [`${A}/x.ts`]: "import { y } from '../b/y.ts';",
        [`${B}/z.ts`]: "import type { X } from '../a/x.ts';",
      },
      [A, B],
    ],
    [
      'three',
      {
        [`${A}/x.ts`]: "import '../b/y.ts';",
        [`${B}/deep/y.ts`]: "export { z } from '../../c/z.ts';",
        [`${C}/z.ts`]: "const x = await import('../a/x.ts');",
      },
      [A, B, C],
    ],
  ])('are caught in a circle of %s', (_what, sources, caught) => {
    expect(circularSlices(sources)).toEqual(caught);
  });

  it('may be used by one and use another', () => {
    const sources = {
      [`${A}/x.ts`]: "import { y } from '../b/y.ts';\nimport { own } from './own.ts';",
      [`${B}/y.ts`]: "import { z } from '../c/z.ts';\nimport { all } from '../all.ts';",
      'apps/gateway/src/all.ts': "import { x } from './a/x.ts';",
    };
    expect(circularSlices(sources)).toEqual([]);
  });
});
