import { describe, expect, it } from '@jest/globals';
import { CreateRun } from './run.schema.ts';

describe('the metadata of a run', () => {
  const filled = (bytes: number) => {
    const metadata: Record<string, string> = {};
    for (let index = 0; index < 16; index += 1) metadata[`n${index}`] = 'é'.repeat(500);
    metadata['rest'] = '';
    metadata['rest'] = 'x'.repeat(bytes - Buffer.byteLength(JSON.stringify(metadata)));
    return metadata;
  };

  it('may be 16 KiB as JSON', () => {
    const metadata = filled(16_384);
    expect(CreateRun.parse({ metadata }).metadata).toEqual(metadata);
  });

  it('is refused with a sentence where it is larger', () => {
    const { error } = CreateRun.safeParse({ metadata: filled(16_385) });
    expect(error?.issues.map(({ path, message }) => [path, message])).toEqual([
      [['metadata'], 'must not be larger than 16384 bytes as JSON'],
    ]);
  });
});
