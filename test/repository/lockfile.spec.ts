import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/config';

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  overrides?: Record<string, string>;
  allowScripts?: Record<string, boolean>;
}
interface Locked extends Manifest {
  version?: string;
  resolved?: string;
  integrity?: string;
  hasInstallScript?: boolean;
}
interface Lockfile {
  packages: Record<string, Locked>;
}

// both are npm's own files; a test that finds another shape fails
const read = <File>(name: string) => JSON.parse(readFileSync(join(projectRoot(), name), 'utf8')) as File;
const manifest = read<Manifest>('package.json');
const lockfile = read<Lockfile>('package-lock.json');

const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Whether a package finds another from where it stands, as Node looks for it. */
function finds(packages: Lockfile['packages'], from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

/** What a clone elsewhere, or on another system, would stumble over, one sentence each. */
function lockFaults({ packages }: Lockfile, { allowScripts = {} }: Manifest): string[] {
  return Object.entries(packages).flatMap(([path, locked]) => {
    const faults: string[] = [];
    if (locked.resolved !== undefined) faults.push(`${path} is bound to a registry`);
    if (path !== '' && locked.integrity === undefined) faults.push(`${path} has no integrity`);
    if (locked.hasInstallScript && allowScripts[nameOf(path)] === undefined)
      faults.push(`${path} has an install script that package.json neither allows nor refuses`);
    for (const name of Object.keys(locked.optionalDependencies ?? {}))
      if (!finds(packages, path, name)) faults.push(`${path} may need ${name}, which is not locked`);
    return faults;
  });
}

/** Versions that say less than one, or another than is locked. */
function versionFaults(given: Manifest, { packages }: Lockfile): string[] {
  const direct = { ...given.dependencies, ...given.devDependencies, ...given.optionalDependencies };
  const faults = Object.entries({ ...direct, ...given.overrides }).flatMap(([name, version]) =>
    /^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version) ? [] : [`${name} is ${version}, which is no one version`],
  );
  for (const [name, version] of Object.entries(direct)) {
    const locked = packages[`node_modules/${name}`]?.version;
    if (locked !== version) faults.push(`${name} is ${version}, and locked is ${locked ?? 'none'}`);
  }
  return faults;
}

describe('the lockfile', () => {
  it('serves any registry and any system, and runs no script that nobody has looked at', () => {
    expect(Object.keys(lockfile.packages).length).toBeGreaterThan(100);
    expect(lockFaults(lockfile, manifest)).toEqual([]);
  });

  it('allows or refuses no script of a package that has none', () => {
    const scripted = Object.entries(lockfile.packages).flatMap(([path, { hasInstallScript }]) =>
      hasInstallScript ? [nameOf(path)] : [],
    );
    expect(Object.keys(manifest.allowScripts ?? {}).toSorted()).toEqual([...new Set(scripted)].toSorted());
  });

  it.each<[string, Record<string, Locked>, string]>([
    [
      'an address',
      { 'node_modules/a': { integrity: 'i', resolved: 'https://registry/a.tgz' } },
      'node_modules/a is bound to a registry',
    ],
    ['no integrity', { 'node_modules/a': {} }, 'node_modules/a has no integrity'],
    [
      'a script that nobody has looked at',
      { 'node_modules/a/node_modules/@b/c': { integrity: 'i', hasInstallScript: true } },
      'node_modules/a/node_modules/@b/c has an install script that package.json neither allows nor refuses',
    ],
    [
      'a system left out',
      {
        'node_modules/a': {
          integrity: 'i',
          optionalDependencies: { '@a/linux': '1.0.0', '@a/darwin': '1.0.0' },
        },
        'node_modules/a/node_modules/@a/linux': { integrity: 'i' },
        'node_modules/b/node_modules/@a/darwin': { integrity: 'i' },
      },
      'node_modules/a may need @a/darwin, which is not locked',
    ],
  ])('is caught with %s', (_what, packages, fault) => {
    expect(lockFaults({ packages }, { allowScripts: { '@b/d': true } })).toEqual([fault]);
  });

  it('is let through with scripts that are refused, and with what stands further out', () => {
    const packages = {
      'node_modules/@b/d': { integrity: 'i', hasInstallScript: true },
      'node_modules/a/node_modules/e': { integrity: 'i', optionalDependencies: { f: '1.0.0' } },
      'node_modules/f': { integrity: 'i' },
    };
    expect(lockFaults({ packages }, { allowScripts: { '@b/d': false } })).toEqual([]);
  });
});

describe('the versions of package.json', () => {
  it('are exact, and the locked ones', () => {
    expect(versionFaults(manifest, lockfile)).toEqual([]);
  });

  it.each(['^1.0.0', '~1.0.0', '1.x', '*', 'latest', '>=1.0.0', 'npm:other@1.0.0', ''])(
    'are caught where one is %j',
    (version) => {
      const packages = { 'node_modules/a': { version } };
      const fault = `a is ${version}, which is no one version`;
      expect(versionFaults({ devDependencies: { a: version } }, { packages })).toEqual([fault]);
      expect(versionFaults({ overrides: { a: version } }, { packages })).toEqual([fault]);
    },
  );

  it('are caught where another is locked', () => {
    const packages = { 'node_modules/a': { version: '1.0.1' } };
    expect(versionFaults({ dependencies: { a: '1.0.0' } }, { packages })).toEqual([
      'a is 1.0.0, and locked is 1.0.1',
    ]);
  });
});
