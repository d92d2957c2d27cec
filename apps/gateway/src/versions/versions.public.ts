export { Definition, Version } from './version.schema.ts';
export { presentVersion, VERSION_COLUMNS, type VersionRow } from './version.store.ts';
export { CATALOG, VersionMaker } from './version-maker.ts';
