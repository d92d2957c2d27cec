/** A provider whose API is OpenAI's, and the variables that Langflow reads for it. */
export interface Provider {
  name: string;
  keyVariable: string;
  baseUrlVariable: string;
  baseUrl: string;
}

export const PROVIDERS: readonly Provider[] = [
  {
    name: 'OpenAI',
    keyVariable: 'OPENAI_API_KEY',
    baseUrlVariable: 'OPENAI_BASE_URL',
    baseUrl: 'https://api.openai.com/v1',
  },
];

export function providerNamed(name: string): Provider | undefined {
  return PROVIDERS.find((provider) => provider.name === name);
}
