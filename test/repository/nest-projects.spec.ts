import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/config';

interface Project {
  root: string;
  entryFile: string;
  sourceRoot: string;
}

describe("Nest's list of projects", () => {
  // a file of ours; a test that finds another shape fails
  const { projects } = JSON.parse(readFileSync(join(projectRoot(), 'nest-cli.json'), 'utf8')) as {
    projects: Record<string, Project>;
  };

  it.each(Object.entries(projects))('names a file by which %s is entered', (_name, project) => {
    expect(existsSync(join(projectRoot(), project.root))).toBe(true);
    expect(existsSync(join(projectRoot(), project.sourceRoot, `${project.entryFile}.ts`))).toBe(true);
  });
});
