import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from './project-root.ts';

describe("the installation's folder", () => {
  it('is the one with the package, the migrations and the libraries', () => {
    for (const part of ['package.json', 'prisma', 'libs/config/src/project-root.ts'])
      expect(existsSync(join(projectRoot(), part))).toBe(true);
  });
});
