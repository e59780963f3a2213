/** A reason why the platform cannot start or go on, in one or two sentences for the person at the keyboard. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/**
 * Says in a sentence what stopped the start: a full disk, a folder that cannot be written, no memory. Anything else keeps its
 * own message.
 *
 * @param error what was thrown.
 * @param dataDir the folder that the sentence names.
 */
export function describeFailure(error: unknown, dataDir: string): string {
  if (error instanceof StartError) return error.message;
  const { code = '', message = String(error), path } = error as { code?: string; message?: string; path?: string };
  const folder = path ?? dataDir;
  if (code === 'ENOSPC' || /ENOSPC|No space left on device/i.test(message)) {
    return `The disk is full: ${folder} cannot be written. Free some space, or set DATA_DIR to a folder on another disk.`;
  }
  if (code === 'EDQUOT')
    return `The disk quota is used up: ${folder} cannot be written. Free some space, or set DATA_DIR to another folder.`;
  if (code === 'EACCES' || code === 'EPERM') {
    return `${folder} cannot be used: permission denied. Set DATA_DIR to a folder that you may write.`;
  }
  if (code === 'EROFS') return `${folder} is on a read-only file system. Set DATA_DIR to a folder that you may write.`;
  if (code === 'ENOENT') return `${folder} cannot be made: its place does not take folders. Set DATA_DIR to a folder that you may write.`;
  if (code === 'ENOTDIR' || code === 'EEXIST') return `${folder} is in the way: DATA_DIR must name a folder. Remove it or set DATA_DIR.`;
  if (code === 'ENOMEM') return 'There is not enough memory to start the platform.';
  return message;
}
