export { Definition, Version, VersionSummary } from './version.schema.ts';
export {
  presentSummary,
  presentVersion,
  SUMMARY_COLUMNS,
  VERSION_COLUMNS,
} from './version.store.ts';
export { CATALOG, VersionMaker } from './version-maker.ts';
