import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { COMPONENTS } from '#libs/components';
import { catalogOf, compile, type Execution, execute, NodeError, type Outputs } from '#libs/engine';
import type { Json } from '#libs/kernel';
import { StubModel } from '#libs/testing';
import {
  captured,
  describeRecorded,
  flowNames,
  flowOf,
  type GoldenFlow,
  goldenRun,
  nodesOf,
  patched,
} from './recordings.ts';

const CATALOG = catalogOf(COMPONENTS);

/** Every name under which the recordings hold a component of ours. */
const OURS = ['ChatInput', 'ChatOutput', 'Prompt', 'Prompt Template', 'LanguageModelComponent'];

/** The flows that use nothing else: what is found in them. */
const RUN_HERE: Record<string, { input: string | null; output: string; nodes: string[] }> = {
  'simple-chat-no-llm': {
    input: 'ChatInput-xDNlW',
    output: 'ChatOutput-9hGOk',
    nodes: ['ChatInput-xDNlW', 'ChatOutput-9hGOk'],
  },
  'basic-prompting': {
    input: 'ChatInput-b6UCc',
    output: 'ChatOutput-yK0AU',
    nodes: ['ChatInput-b6UCc', 'Prompt-t2oaK', 'LanguageModelComponent-FLeYF', 'ChatOutput-yK0AU'],
  },
  'basic-prompt-chaining': {
    input: 'ChatInput-pNKvO',
    output: 'ChatOutput-WSW39',
    nodes: [
      'Prompt-wnec9',
      'ChatInput-pNKvO',
      'Prompt-Ph34L',
      'Prompt-vc20t',
      'LanguageModelComponent-Q5bRY',
      'LanguageModelComponent-ZBPrp',
      'LanguageModelComponent-YIUOh',
      'ChatOutput-WSW39',
    ],
  },
  'seo-keyword-generator': {
    input: null,
    output: 'ChatOutput-S7Bzs',
    nodes: ['Prompt-KS0e2', 'Prompt-YWJzc', 'LanguageModelComponent-zY7m0', 'ChatOutput-S7Bzs'],
  },
  'twitter-thread-generator': {
    input: 'ChatInput-JpNZb',
    output: 'ChatOutput-GgTGu',
    nodes: ['ChatInput-JpNZb', 'Prompt-JXzxV', 'LanguageModelComponent-URKKz', 'ChatOutput-GgTGu'],
  },
};

function compiled(flow: GoldenFlow) {
  const result = compile(flow, CATALOG);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

describeRecorded("Langflow's own flows", () => {
  let stub: StubModel;
  beforeAll(async () => {
    stub = await new StubModel().start();
  });
  beforeEach(() => {
    stub.requests.length = 0;
  });
  afterAll(() => stub.stop());

  async function run(flow: GoldenFlow, input: Json | undefined) {
    const given: Execution = {
      plan: compiled(flow).plan,
      catalog: CATALOG,
      host: {
        fetch: () => globalThis.fetch,
        variable: (name) => (name === 'OPENAI_BASE_URL' ? stub.baseUrl : 'stub-key'),
        stableId: (nodeId, purpose) => `${nodeId}/${purpose}`,
        nowMs: () => performance.now(),
        measured: () => undefined,
      },
      sessionId: 'golden-session',
      input,
      completed: new Map(),
      signal: new AbortController().signal,
    };
    const outputs = new Map<string, Outputs>();
    const usage = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
    const running = execute(given);
    for (;;) {
      const { done, value } = await running.next();
      if (done) return { output: value, outputs, usage: usage.total_tokens > 0 ? usage : null };
      if (value.kind === 'completed') outputs.set(value.nodeId, value.outputs);
      else if (value.type === 'usage') {
        usage.input_tokens += value.data.inputTokens;
        usage.output_tokens += value.data.outputTokens;
        usage.total_tokens += value.data.inputTokens + value.data.outputTokens;
      }
    }
  }

  it.each(Object.entries(RUN_HERE))('%s has its plan', (name, { input, output, nodes }) => {
    const { plan, report } = compiled(patched(name));
    expect(plan.nodes.map(({ id }) => id)).toEqual(nodes);
    expect(plan.mainInput).toEqual(input === null ? null : { node: input, field: 'input_value' });
    expect(plan.outputs).toEqual([output]);
    expect(report.inputs.map(({ node }) => node)).toEqual(input === null ? [] : [input]);
    expect(report.outputs).toEqual([{ node: output, displayName: 'Chat Output', component: 'ChatOutput' }]);
    expect(report.variables.map((one) => one.name)).toEqual(
      nodes.some((id) => id.startsWith('LanguageModel')) ? ['OPENAI_API_KEY', 'OPENAI_BASE_URL'] : [],
    );
    // as it is exported it wants nothing yet, as no model is chosen in it
    expect(compiled(flowOf(name)).report.variables).toEqual([]);
  });

  it.each(Object.entries(RUN_HERE))(
    '%s asks the model what Langflow asks, and answers the same',
    async (name, { output }) => {
      const golden = goldenRun(name);
      const { output: answer, outputs, usage } = await run(patched(name), golden.input_value);
      const recorded = golden.lfx_serve_1_10_2;
      expect(answer).toMatchObject({ text: recorded.body.result, source: output, reason: 'single' });
      const asked = stub.requests.map(({ path, body }) => ({ path, body: { stream: false, ...body } }));
      expect(asked).toEqual(recorded.stub_requests);
      const said = golden.langflow_v1_run_1_10_2.body.outputs[0]?.outputs[0];
      expect(said?.component_id).toBe(output);
      const { sender, sender_name, text, properties } = said?.results.message ?? {};
      expect(outputs.get(output)?.['message']).toMatchObject({
        sender,
        sender_name,
        text,
        properties: { source: properties?.source },
      });
      // Langflow sums up over the whole flow
      expect(usage).toEqual(properties?.usage);
    },
  );

  it.each(['lfx-serve/run-empty-input', 'lfx-serve/run-ok'])('answer as recorded: %s', async (name) => {
    const { request, response } = captured(name);
    const { output } = await run(flowOf('simple-chat-no-llm'), request.body['input_value']);
    expect(output).toMatchObject({ text: response.body['result'], reason: 'single' });
  });

  it('fail in the words of Langflow where no model is chosen', async () => {
    const { request, response } = captured('langflow-1.13/llm-run-no-model-selected');
    const failed = await run(flowOf('basic-prompting'), request.body['input_value']).catch(
      (error: unknown) => error,
    );
    const { message } = JSON.parse(String(response.body['detail'])) as { message: string }; // as it was recorded
    expect(failed).toBeInstanceOf(NodeError);
    expect(`Error running graph: ${(failed as NodeError).message}`).toBe(message);
  });

  it.each(flowNames().filter((name) => !(name in RUN_HERE)))(
    '%s is refused, by every node that is missing here',
    (name) => {
      const flow = flowOf(name);
      const missing = nodesOf(flow).filter(({ data }) => !OURS.includes(data.type ?? ''));
      const result = compile(flow, CATALOG);
      expect(result.ok === false && result.reason).toBe('invalid');
      const problems = result.ok ? [] : result.problems;
      const unknown = problems.filter(({ detail }) => detail.startsWith('There is no component'));
      expect(missing.length).toBeGreaterThan(0);
      expect(unknown).toEqual(
        missing.map(({ id, data }) => ({
          node: id,
          pointer: `/data/nodes/${flow.data.nodes.findIndex((node) => node.id === id)}`,
          detail: `There is no component "${data.type}" in the native engine.`,
        })),
      );
    },
  );
});
