import { readFile } from 'node:fs/promises';

/** The committed description of the API: a test holds it to what the routes say. */
export class OpenApiDocument {
  private read: Promise<string> | undefined;

  constructor(private readonly path: string) {}

  text(): Promise<string> {
    this.read ??= readFile(this.path, 'utf8');
    return this.read;
  }
}
