export { assignmentKey, BlobMismatchError, BlobStore, contentKey, stagingPrefix } from './blob-store.ts';
export {
  BlobTooLargeError,
  FileBlobStore,
} from './file-blob-store.ts';
export { openBlobStore } from './open-blob-store.ts';
export { isSigned } from './signed-path.ts';
