/** Holds the Prisma schema to what the migrations make: applies them to an empty Postgres and compares. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { SchemaEngine } from '@prisma/schema-engine-wasm';
import pg from 'pg';
import { createTestDatabase, startTestPostgres } from '../dist/libs/testing/src/index.js';

const CHAR = 18;
const BPCHAR = 1042;
const CHARACTER = 6;

/** The adapter does not know Postgres's internal type "char": it is read as a blank-padded text, and named what it is. */
class CataloguePool extends pg.Pool {
  charColumns = [];

  async query(...call) {
    const result = await super.query(...call);
    const fields = (result?.fields ?? []).filter((field) => field.dataTypeID === CHAR);
    for (const field of fields) field.dataTypeID = BPCHAR;
    this.charColumns = fields.map((field) => field.name);
    return result;
  }
}

function catalogueAdapter(pool) {
  const factory = new PrismaPg(pool);
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = await connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      for (const name of pool.charColumns) result.columnTypes[result.columnNames.indexOf(name)] = CHARACTER;
      return result;
    };
    return adapter;
  };
  return factory;
}

const postgres = await startTestPostgres();
let exitCode = 1;
try {
  const pool = new CataloguePool({ connectionString: await createTestDatabase(), max: 1 });
  const folder = join(import.meta.dirname, '..', 'prisma', 'schema');
  const files = readdirSync(folder).map((name) => ({
    path: name,
    content: readFileSync(join(folder, name), 'utf8'),
  }));
  const adapter = bindMigrationAwareSqlAdapterFactory(catalogueAdapter(pool));
  const engine = await SchemaEngine.new(
    { datamodels: files.map(({ path, content }) => [path, content]) },
    () => undefined,
    adapter,
  );
  const filters = { externalTables: ['public._prisma_migrations'], externalEnums: [] };
  const { exitCode: differs, stdout } = await engine.diff({
    from: { tag: 'schemaDatasource', files, configDir: folder },
    to: { tag: 'schemaDatamodel', files },
    script: process.argv.includes('--sql'),
    exitCode: true,
    filters,
  });
  process.stdout.write(differs === 0 ? 'migrations and Prisma schema agree\n' : `${stdout}\n`);
  exitCode = differs;
  await pool.end();
} finally {
  await postgres.stop();
}
process.exit(exitCode);
