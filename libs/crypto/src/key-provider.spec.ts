import { describe, expect, it } from '@jest/globals';
import { LocalKeyProvider } from './key-provider.ts';

describe('the root key', () => {
  const root = new LocalKeyProvider(Buffer.alloc(32, 1));
  const key = Buffer.alloc(32, 2);

  it('unwraps what it has wrapped', async () => {
    const wrapped = await root.wrap('o1', 'k1', key);
    expect(wrapped).not.toContain(key.toString('base64url').slice(0, 16));
    expect(await root.unwrap('o1', 'k1', wrapped)).toEqual(key);
  });

  it('wraps a key in another way each time', async () => {
    expect(await root.wrap('o1', 'k1', key)).not.toBe(await root.wrap('o1', 'k1', key));
  });

  it.each([
    ['another organization', 'o2', 'k1'],
    ['another key id', 'o1', 'k2'],
  ])('does not unwrap for %s', async (_what, organizationId, kekId) => {
    const wrapped = await root.wrap('o1', 'k1', key);
    await expect(root.unwrap(organizationId, kekId, wrapped)).rejects.toThrow();
  });

  it('does not unwrap what another root has wrapped', async () => {
    const other = new LocalKeyProvider(Buffer.alloc(32, 9));
    await expect(root.unwrap('o1', 'k1', await other.wrap('o1', 'k1', key))).rejects.toThrow();
  });
});
