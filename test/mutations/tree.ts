import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PROJECT_ROOT } from '../../sandbox/parts.ts';

/** A copy of the project in which code may be broken. */
export interface Tree {
  readonly folder: string;
  /** @throws Error when the patch does not apply. */
  apply(patchFile: string): void;
  revert(patchFile: string): void;
  remove(): void;
}

/** Copies the project's files as they are now, with what is not committed yet; packages are shared. */
export function copyTree(): Tree {
  const folder = mkdtempSync(join(tmpdir(), 'safesplitx-mutations-'));
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: PROJECT_ROOT, encoding: 'utf8' });
  for (const file of listed.split('\0').filter((name) => name !== '')) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    // A file that was deleted and is still known to git is no part of the tree any more.
    cpSync(join(PROJECT_ROOT, file), join(folder, file), { errorOnExist: false, force: true });
  }
  symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(folder, 'node_modules'));
  return {
    folder,
    apply: (file) => patch(folder, [file]),
    revert: (file) => patch(folder, ['-R', file]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function patch(folder: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync('git', ['apply', ...args], {
    cwd: folder,
    encoding: 'utf8',
    // Even where the folder for temporary files lies inside some repository, the patch is for this folder.
    env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) },
  });
  if (status !== 0) throw new Error(`the patch does not apply: ${stderr.trim()}`);
}
