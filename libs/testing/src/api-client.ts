import type { Problem } from '#libs/kernel';

export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface StreamedEvent {
  id: string | undefined;
  type: string;
  data: string;
}

/** A plain HTTP client, as a program of a user would be. */
export class ApiClient {
  constructor(
    readonly baseUrl: string,
    private readonly token?: string,
  ) {}

  get<Body = Problem>(path: string, headers: Record<string, string> = {}): Promise<Answer<Body>> {
    return this.send('GET', path, undefined, headers);
  }

  post<Body = Problem>(
    path: string,
    body: unknown = {},
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    return this.send('POST', path, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
  }

  patch<Body = Problem>(path: string, body: unknown): Promise<Answer<Body>> {
    return this.send('PATCH', path, JSON.stringify(body), { 'content-type': 'application/json' });
  }

  delete<Body = Problem>(path: string): Promise<Answer<Body>> {
    return this.send('DELETE', path, undefined, {});
  }

  async send<Body>(
    method: string,
    path: string,
    body: string | Uint8Array | undefined,
    headers: Record<string, string>,
  ): Promise<Answer<Body>> {
    const response = await fetch(this.baseUrl + path, {
      method,
      headers: { ...this.credentials(), ...headers },
      ...(body !== undefined && { body: body as string }),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : text) as Body,
    };
  }

  /** Opens a stream and gives its frames as they come. */
  async stream(
    path: string,
    options: { method?: string; body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<{ response: Response; events: AsyncGenerator<StreamedEvent> }> {
    const response = await fetch(this.baseUrl + path, {
      method: options.method ?? 'GET',
      headers: {
        accept: 'text/event-stream',
        ...this.credentials(),
        ...(options.body !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
      ...(options.signal && { signal: options.signal }),
    });
    return { response, events: readEvents(response) };
  }

  private credentials(): Record<string, string> {
    return this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
  }
}

async function* readEvents(response: Response): AsyncGenerator<StreamedEvent> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of response.body ?? []) {
    pending += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = pending.indexOf('\n\n'); end >= 0; end = pending.indexOf('\n\n')) {
      const event = parseFrame(pending.slice(0, end));
      pending = pending.slice(end + 2);
      if (event) yield event;
    }
  }
}

function parseFrame(frame: string): StreamedEvent | undefined {
  const fields = new Map(
    frame
      .split('\n')
      .filter((line) => !line.startsWith(':'))
      .map((line): [string, string] => {
        const colon = line.indexOf(': ');
        return [line.slice(0, colon), line.slice(colon + 2)];
      }),
  );
  const type = fields.get('event');
  return type === undefined ? undefined : { id: fields.get('id'), type, data: fields.get('data') ?? '' };
}
