import { describe, expect, it } from '@jest/globals';
import { contentHash } from '#libs/crypto';
import { DEFAULTS } from '#libs/domain';
import { BadEvent } from './bad-event.ts';
import { offload } from './offload.ts';

const SMALL = 'x'.repeat(DEFAULTS.eventInlineBytes / 8 - 2);
const LARGE = `${SMALL}x`;

function store() {
  const contents: string[] = [];
  const upload = async (content: Uint8Array) => {
    contents.push(Buffer.from(content).toString('utf8'));
    return { i: contents.length - 1, hash: contentHash(content), size: content.byteLength };
  };
  return { contents, upload };
}

const reference = (value: unknown) => {
  const text = JSON.stringify(value);
  return { hash: contentHash(text), size: Buffer.byteLength(text) };
};

describe('an event that is too large', () => {
  it('keeps the small outputs of its node, and refers to the large ones', async () => {
    const { contents, upload } = store();
    const data = {
      nodeId: 'n',
      outputs: { small: SMALL, large: LARGE, deep: { text: [LARGE] }, none: null },
    };
    expect(await offload('node.completed', data, upload)).toEqual({
      data: {
        nodeId: 'n',
        outputs: { small: SMALL, none: null },
        blobs: { large: reference(LARGE), deep: reference({ text: [LARGE] }) },
      },
      staged: [
        { i: 0, ...reference({ text: [LARGE] }) },
        { i: 1, ...reference(LARGE) },
      ],
    });
    expect(contents.map((text) => JSON.parse(text))).toEqual([{ text: [LARGE] }, LARGE]);
  });

  it('refers to the content of an output', async () => {
    const data = { nodeId: 'n', type: 'text', displayName: 'N', content: LARGE };
    expect((await offload('output', data, store().upload)).data).toEqual({
      ...data,
      content: null,
      blob: reference(LARGE),
    });
  });

  it('refers to the text of a message', async () => {
    const data = { messageId: 'm', nodeId: 'n', text: LARGE };
    expect((await offload('message.added', data, store().upload)).data).toEqual({
      ...data,
      text: '',
      blob: reference(LARGE),
    });
  });

  it("refers to large contents of a run's output, and says no text where that is one of them", async () => {
    const outputs = {
      a: { type: 'text', displayName: 'A', content: LARGE },
      b: { type: 'text', displayName: 'B', content: 'small' },
    };
    const endOf = async (source: string | null, text: string | null) => {
      const data = { output: { text, source, reason: 'single', outputs }, usage: {} };
      return (await offload('run.succeeded', data, store().upload)).data;
    };
    const moved = { a: { ...outputs.a, content: null, blob: reference(LARGE) }, b: outputs.b };
    expect(await endOf('a', LARGE)).toMatchObject({ output: { text: null, source: 'a', outputs: moved } });
    expect(await endOf('b', 'small')).toMatchObject({
      output: { text: 'small', source: 'b', outputs: moved },
    });
    expect(await endOf(null, null)).toMatchObject({ output: { text: null, outputs: moved } });
  });

  it('names the same content once', async () => {
    const upload = async () => ({ i: 0, hash: 'same', size: 1 });
    const { staged } = await offload('node.completed', { outputs: { a: LARGE, b: LARGE } }, upload);
    expect(staged).toHaveLength(1);
  });

  it.each([
    ['output', { content: SMALL }],
    ['message.added', { text: SMALL }],
    ['log', { text: LARGE }],
  ] as const)('of type %s stays as it is where nothing of it can be moved', async (type, data) => {
    const { contents, upload } = store();
    expect(await offload(type, data, upload)).toEqual({ data, staged: [] });
    expect(contents).toEqual([]);
  });

  it('gives up its largest values until the rest fits, and no more of them', async () => {
    const { contents, upload } = store();
    const outputs = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`${index}`, 'x'.repeat(4_000 + index)]),
    );
    const { data } = await offload('node.completed', { nodeId: 'n', outputs }, upload);
    const { outputs: kept, blobs } = data as { outputs: object; blobs: object };
    expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThanOrEqual(DEFAULTS.eventInlineBytes);
    expect(Object.keys(blobs).toSorted()).toEqual(['16', '17', '18', '19']);
    expect(Object.keys(kept)).toHaveLength(16);
    expect(contents).toHaveLength(4);
  });

  it("of a run's output gives up first what is said twice", async () => {
    const text = 'x'.repeat(7_000);
    const outputs = Object.fromEntries(
      Array.from({ length: 9 }, (_, id) => [`${id}`, { type: 't', displayName: 'N', content: text }]),
    );
    const data = { output: { text, source: '5', reason: 'multiple', outputs }, usage: {} };
    const moved = (await offload('run.succeeded', data, store().upload)).data;
    expect(moved).toMatchObject({ output: { text: null, outputs: { 4: { content: text } } } });
    expect(moved).toMatchObject({ output: { outputs: { 5: { content: null, blob: reference(text) } } } });
  });

  it('of which nothing but names is left and that is too much uploads nothing', async () => {
    const { contents, upload } = store();
    const outputs = Object.fromEntries(
      Array.from({ length: 1_500 }, (_, id) => [
        `ChatOutput-${id}`,
        { type: 'text', displayName: 'Chat Output', content: 'x'.repeat(8_000) },
      ]),
    );
    const data = { output: { text: null, source: null, reason: 'multiple', outputs }, usage: {} };
    await expect(offload('run.succeeded', data, upload)).rejects.toThrow(BadEvent);
    expect(contents).toEqual([]);
  });
});
