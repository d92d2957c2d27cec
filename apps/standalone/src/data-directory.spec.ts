import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataDirectory } from './data-directory.ts';

describe('a data directory', () => {
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'headgate-data-'));
  });
  afterEach(() => rmSync(path, { recursive: true }));

  const lock = () => readFileSync(join(path, 'lock'), 'utf8').split('\n');

  it('is made where it is missing', () => {
    const directory = DataDirectory.take(join(path, 'a', 'b'));
    expect(directory.file('keys.json')).toBe(join(path, 'a', 'b', 'keys.json'));
  });

  it('has one process at a time', () => {
    const directory = DataDirectory.take(path);
    expect(() => DataDirectory.take(path)).toThrow(
      `Another Headgate (process ${process.pid}) uses the data directory ${path}: stop it, or set HEADGATE_DATA_DIR.`,
    );
    directory.release();
    DataDirectory.take(path);
    expect(readdirSync(path)).toEqual(['lock']);
  });

  it('is taken over from a process that is gone', () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(join(path, 'lock'), `${pid}\n123\n`);
    DataDirectory.take(path);
    expect(lock()[0]).toBe(String(process.pid));
  });

  it('is taken over where the number of its process was given to another', () => {
    writeFileSync(join(path, 'lock'), `${process.ppid}\nlong ago\n`);
    DataDirectory.take(path);
    expect(lock()[0]).toBe(String(process.pid));
  });

  it('is taken over where its lock says nothing', () => {
    writeFileSync(join(path, 'lock'), '');
    DataDirectory.take(path);
    expect(lock()[0]).toBe(String(process.pid));
  });

  it('that cannot be used is named, with what to do', () => {
    writeFileSync(join(path, 'file'), '');
    expect(() => DataDirectory.take(join(path, 'file', 'within'))).toThrow(
      /^The data directory .*file\/within cannot be used \(ENOTDIR.*\): set HEADGATE_DATA_DIR to another one\.$/,
    );
  });
});
