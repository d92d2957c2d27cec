import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { brokerJars, whyNoKafka } from './broker-jars.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'headgate-jars-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('why there can be no Kafka', () => {
  const program = (name: string, text = '') =>
    writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const java = (version: string) => program('java', `echo 'openjdk version "${version}"' >&2`);
  const why = (jars = join(directory, 'none')) => whyNoKafka({ PATH: directory }, jars);

  it.each([
    ['no Java', undefined, 'Kafka needs Java, which is not here: install a JDK 17'],
    ['an old Java', '1.8.0_292', 'Kafka needs Java 17 or newer, here is 8: install a JDK 17'],
    ['a Java that is not new enough', '11.0.2', 'Kafka needs Java 17 or newer, here is 11'],
    ['no Maven', '17.0.2', 'Kafka is fetched by Maven, which is not here: install a JDK 17'],
  ])('is said with what to do, where there is %s', (_what, version, sentence) => {
    if (version !== undefined) java(version);
    expect(why()).toContain(sentence);
  });

  it('is nothing where there is Maven, or where it has been fetched', () => {
    java('21');
    expect(why(directory)).toBeUndefined();
    program('mvn');
    expect(why()).toBeUndefined();
  });
});

describe('what a broker consists of', () => {
  const target = () => join(directory, 'cache', 'jars');
  const said: string[] = [];
  const jars = (fetchInto: (folder: string) => Promise<void>) =>
    brokerJars((sentence) => said.push(sentence), target(), fetchInto);
  const fetchOne = async (folder: string) => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.jar'), '');
  };

  it('is fetched by one of those who ask at once, and not again', async () => {
    let fetches = 0;
    const gate = Promise.withResolvers<void>();
    const fetchInto = async (folder: string) => {
      fetches += 1;
      await fetchOne(folder);
      await gate.promise;
    };
    const both = Promise.all([jars(fetchInto), jars(fetchInto)]);
    gate.resolve();
    expect(await both).toEqual([target(), target()]);
    expect(await jars(fetchInto)).toBe(target());
    expect(fetches).toBe(1);
    expect(said).toEqual(['Fetching Kafka …']);
    expect(readdirSync(join(directory, 'cache'))).toEqual(['jars']);
  });

  it('is fetched where a process died that was at it', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    mkdirSync(join(directory, 'cache'));
    writeFileSync(`${target()}.lock`, String(pid));
    await jars(fetchOne);
    expect(readdirSync(target())).toEqual(['a.jar']);
  });

  it('is not there, and asked for again, where it came but in part', async () => {
    const half = async (folder: string) => {
      await fetchOne(folder);
      throw new Error('the network went away');
    };
    await expect(jars(half)).rejects.toThrow('the network went away');
    expect(readdirSync(join(directory, 'cache'))).toEqual([]);
    await jars(fetchOne);
    expect(readdirSync(target())).toEqual(['a.jar']);
  });
});
