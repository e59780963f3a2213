import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type FileKey, fileKey, type FileStore, FilesUnavailable } from './store.ts';

/** Readable and writable by our own user alone. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/**
 * Keeps files in a folder. Every process that serves or removes them has to see the same one.
 *
 * @param root made with the first file.
 */
export function localFiles(root: string): FileStore {
  /** The last two digits of an id are random, so files spread over 256 folders. */
  const pathOf = (key: FileKey): string => {
    const [kind = '', id = ''] = fileKey(key).split('/');
    return join(root, kind, id.slice(-2), id);
  };
  return {
    async put(key, bytes) {
      const path = pathOf(key);
      try {
        await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
        await writeDurably(partOf(path), bytes);
        // A name stands for a whole file: whoever reads sees all of it or none.
        await rename(partOf(path), path);
        await syncFolder(dirname(path));
      } catch (error) {
        throw new FilesUnavailable('written', error);
      }
    },
    async get(key) {
      try {
        const file = await open(pathOf(key), 'r');
        const { size } = await file.stat();
        return { stream: createReadStream('', { fd: file }), bytes: size };
      } catch (error) {
        if (isAbsent(error)) return null;
        throw new FilesUnavailable('read', error);
      }
    },
    async remove(key) {
      const path = pathOf(key);
      try {
        // Where the folder itself is missing we look at the wrong place: nothing may count as removed.
        await stat(root);
        await rm(path, { force: true });
        await rm(partOf(path), { force: true });
      } catch (error) {
        throw new FilesUnavailable('removed', error);
      }
    },
  };
}

/** A file on its way; removed with its key, should a crash have left it. */
function partOf(path: string): string {
  return `${path}.part`;
}

async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'w', FILE_MODE);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT';
}
