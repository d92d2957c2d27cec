import type { ReceivedSpan, Tenant } from '#libs/testing';
import { chain, chatInput, chatOutput, languageModel } from '#libs/testing';

/** A deployment whose runs are looked at, and who may call it. */
export interface Traced {
  url: string;
  organizationId: string;
  token: string;
}

export const SECRET = 'sk-nobody-may-see-this';

/** What a caller sends of a trace of its own. */
export const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

/** A model behind a secret that stands between an input and an output. */
export async function deployTraced(tenant: Tenant, baseUrl: string): Promise<Omit<Traced, 'url'>> {
  const variables = `/v1/projects/${tenant.projectId}/variables`;
  const { environmentId, organizationId } = tenant;
  const secret = { name: 'OPENAI_API_KEY', secret: true, value: SECRET, allowedHosts: ['127.0.0.1'] };
  await tenant.api.post(variables, { environmentId, ...secret });
  await tenant.api.post(variables, { environmentId, name: 'OPENAI_BASE_URL', value: baseUrl });
  const flow = chain(chatInput(), languageModel('Model-1'), chatOutput());
  const { token } = await tenant.deploy('chat', flow);
  return { organizationId, token };
}

/** Runs it once, with an answer at its end. */
export async function runTraced(
  { url, token }: Traced,
  input: string,
): Promise<{ id: string; status: string }> {
  const response = await fetch(`${url}/v1/deployments/chat/runs?wait=20`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01`,
    },
    body: JSON.stringify({ input }),
  });
  return (await response.json()) as { id: string; status: string };
}

/** The names of the spans to which no parent and no link leads, however long the way, from the one named. */
export function unreached(spans: readonly ReceivedSpan[], from: string): string[] {
  const reached = new Set(spans.filter(({ name }) => name === from).map(({ spanId }) => spanId));
  for (let before = -1; before < reached.size; ) {
    before = reached.size;
    for (const { spanId, parentId, links } of spans)
      if (reached.has(parentId) || links.some((link) => reached.has(link.spanId))) reached.add(spanId);
  }
  return spans.filter(({ spanId }) => !reached.has(spanId)).map(({ name }) => name);
}
