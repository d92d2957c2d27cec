export { BlobMismatchError, BlobStore, stagingPrefix } from './blob-store.ts';
export {
  BlobTooLargeError,
  FileBlobStore,
} from './file-blob-store.ts';
export { isSigned } from './signed-path.ts';
