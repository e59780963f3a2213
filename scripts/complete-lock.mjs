// Adds the lock entries that npm leaves out for other platforms.
//
// Native packages (swc, oxlint, oxfmt) list one optional package per platform. When the registry in use cannot show one of
// those at the pinned version, `npm install` drops it from package-lock.json without a word, and `npm ci` then refuses the
// lock as out of step. This writes the missing entries (version and platform, no integrity), so that `npm ci` works on every
// platform. Run it after each `npm install`: `node scripts/complete-lock.mjs`.
import { readFileSync, writeFileSync } from 'node:fs';

const lockUrl = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(lockUrl, 'utf8'));
let added = 0;

for (const [parentPath, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (!/^\d+\.\d+\.\d+/.test(version) || isLocked(parentPath, name)) continue;
    const platform = platformOf(name);
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: platform.cpu,
      ...(parent.dev ? { dev: true } : {}),
      ...(platform.libc ? { libc: platform.libc } : {}),
      optional: true,
      os: platform.os,
    };
    added += 1;
  }
}
if (added > 0) {
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(lockUrl, JSON.stringify(lock, null, 2) + '\n');
}
console.log(`${added} lock entries added`);

function isLocked(parentPath, name) {
  return `node_modules/${name}` in lock.packages || `${parentPath}/node_modules/${name}` in lock.packages;
}

/** Reads os, cpu and libc from a package's name, such as `@swc/core-linux-x64-musl`. */
function platformOf(name) {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-');
  const os = words.find((word) => ['darwin', 'linux', 'win32', 'freebsd', 'android', 'openharmony'].includes(word));
  const cpu = words.find((word) => ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 's390x', 'riscv64'].includes(word));
  if (!os || !cpu) throw new Error(`The platform of ${name} cannot be read from its name.`);
  const libc = words.includes('gnu') ? ['glibc'] : words.includes('musl') ? ['musl'] : undefined;
  return { cpu: [cpu], libc: os === 'linux' ? libc : undefined, os: [os] };
}
