import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/config';

const DOCUMENTS = globSync(['README.md', 'docs/**/*.md'], { cwd: projectRoot() });

const PATH = /^(?:apps|libs|prisma|test|scripts|docs|\.ci|helm)\/[^\s]*/;

/** The paths of the repository that a document names in backticks, as words of their own or within a command. */
function pathsIn(text: string): string[] {
  const prose = text.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '');
  return [...prose.matchAll(/(`+)(.+?)\1/gs)]
    .flatMap(([, , code = '']) => code.trim().split(/\s+/))
    .map((word) => word.replace(/^\.\//, '').replace(/[.,;:)]+$/, ''))
    .flatMap((word) => PATH.exec(word) ?? [])
    .map((path) => path.replace(/(?:#.*|:\d+)$/, ''));
}

/** What a document links to within the repository, seen from its own folder. */
function linksIn(text: string, document: string): string[] {
  const prose = text.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '').replaceAll(/(`+)(?!`).+?\1/gs, '');
  return [...prose.matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s+(\S+)/gm)]
    .map(([, inline, reference]) => inline ?? reference ?? '')
    .filter((target) => !/^(?:[a-z][a-z+.-]*:|#|\/\/)/i.test(target))
    .map((target) => target.replace(/[#?].*$/, ''))
    .map((target) => normalize(target.startsWith('/') ? `.${target}` : join(dirname(document), target)));
}

/** `a/{b,c}` is two paths, of which both must be there. */
function spelledOut(path: string): string[] {
  const braces = /\{([^{}]*)\}/.exec(path);
  if (!braces) return [path];
  return (braces[1] ?? '').split(',').flatMap((one) => spelledOut(path.replace(braces[0], one.trim())));
}

function isThere(path: string): boolean {
  if (/[*?[]/.test(path)) return globSync(path, { cwd: projectRoot() }).length > 0;
  return existsSync(join(projectRoot(), path));
}

const missingIn = (text: string, document = 'README.md') =>
  [...pathsIn(text).flatMap(spelledOut), ...linksIn(text, document)].filter((path) => !isThere(path));

describe('the paths that the documents name', () => {
  it('lead along a run through the files', () => {
    expect(DOCUMENTS).toContain('README.md');
    const architecture = readFileSync(join(projectRoot(), 'docs/architecture.md'), 'utf8');
    for (const app of ['gateway', 'conductor', 'executor', 'recorder'])
      expect(pathsIn(architecture).filter((path) => path.startsWith(`apps/${app}/`))).not.toEqual([]);
  });

  it('are all there', () => {
    const missing = DOCUMENTS.flatMap((document) =>
      missingIn(readFileSync(join(projectRoot(), document), 'utf8'), document).map(
        (path) => `${document}: ${path}`,
      ),
    );
    expect(missing).toEqual([]);
  });

  it.each<[string, string, string[]]>([
    ['a file that is gone', 'See `libs/kernel/src/gone.ts`.', ['libs/kernel/src/gone.ts']],
    ['a folder that is gone', 'All of `apps/gone/` and `libs/`.', ['apps/gone/']],
    ['a line of a file that is gone', '`test/gone.ts:12`', ['test/gone.ts']],
    ['one of two', '`libs/{kernel,gone}/src`', ['libs/gone/src']],
    ['a pattern of nothing', '`docs/*.gone`, `libs/*/src/index.ts`', ['docs/*.gone']],
    ['a file within a command', 'Run `node scripts/gone.mjs --quick`.', ['scripts/gone.mjs']],
    ['a file over a line end', 'Run `node\nscripts/gone.mjs`.', ['scripts/gone.mjs']],
    ['double backticks', '``.ci/gone``', ['.ci/gone']],
    ['a relative path', '`./prisma/gone`', ['prisma/gone']],
    ['a link to nothing', 'See [the map](docs/gone.md#part) and [here](./gone).', ['docs/gone.md', 'gone']],
    ['an image of nothing', '![a picture](docs/gone.png "its title")', ['docs/gone.png']],
    ['a link by reference to nothing', 'See [the map].\n\n[the map]: docs/gone.md', ['docs/gone.md']],
    ['a file behind a block', '```sh\ncd libs/nowhere\n```\nthen `helm/gone`', ['helm/gone']],
  ])('are missed: %s', (_what, text, missing) => {
    expect(missingIn(text)).toEqual(missing);
  });

  it('are seen from the folder of the document, where it links to them', () => {
    expect(missingIn('[up](../README.md), [beside](glossary.md), [down](decisions)', 'docs/a.md')).toEqual(
      [],
    );
    expect(missingIn('[not there](docs/glossary.md)', 'docs/a.md')).toEqual(['docs/docs/glossary.md']);
  });

  it.each([
    'See `libs/kernel/src/index.ts` and `libs/kernel/src/index.ts:1`, `.ci/run`, `apps/gateway/`.',
    'No path: `npm test`, `libs`, `/v1/runs`, `hg.run.event.v1`, `<org>/<hash>`, `mylibs/gone`.',
    'Not in backticks: libs/gone/src.',
    '[a](docs/architecture.md#tenants), [b](https://example.org/gone), [c](#gone), `](gone)`, ![d](LICENSE)',
    '```\nlibs/gone/src\n```',
    '`libs/{kernel,domain}/src/index.ts`, `prisma/migrations/*_runs/migration.sql`',
  ])('are let through: %s', (text) => {
    expect(missingIn(text)).toEqual([]);
  });
});
