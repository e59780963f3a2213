/** Most bytes of a ZIP and most files in one, so that no field of it is too small (APPNOTE 6.3.10, 4.4.1.4: beyond is Zip64). */
export const ZIP_BYTES_LIMIT = 0xffff_ffff;
export const ZIP_FILES_LIMIT = 0xffff;

/** A file of a ZIP. */
export interface ZipEntry {
  /** Its path: ASCII. */
  readonly name: string;
  /** Bytes from the beginning of the ZIP to its header. */
  readonly at: number;
  /** CRC-32 of the content. */
  readonly crc: number;
  readonly size: number;
  /** Bytes as they stand in the ZIP. */
  readonly stored: number;
  /** Whether they are deflated; then the sizes were not known when its header was written, and stand behind it. */
  readonly deflated: boolean;
}

const NEEDED_VERSION = 20;
/** Made on Unix, by the same version. */
const MADE_BY = (3 << 8) | NEEDED_VERSION;
const SIZES_BEHIND = 1 << 3;
const DEFLATE = 8;
/** A plain file that its owner may write and everybody may read. */
const FILE_MODE = 0o100_644;

/** What stands before a file's bytes. @param when of all files alike, to two seconds. */
export function zipHeader(entry: Omit<ZipEntry, 'at'>, when: Date): Uint8Array {
  const sizes = entry.deflated ? [0, 0, 0] : [entry.crc, entry.stored, entry.size];
  return bytesOf([
    u32(0x0403_4b50),
    u16(NEEDED_VERSION),
    common(entry, when),
    sizes.map(u32).flat(),
    nameLength(entry),
    u16(0),
    ascii(entry.name),
  ]);
}

/** What stands behind the bytes of a deflated file. */
export function zipSizes({ crc, stored, size }: ZipEntry): Uint8Array {
  return bytesOf([u32(0x0807_4b50), u32(crc), u32(stored), u32(size)]);
}

/** A file's line in the directory, which stands behind all files. */
export function zipDirectoryLine(entry: ZipEntry, when: Date): Uint8Array {
  return bytesOf([
    u32(0x0201_4b50),
    u16(MADE_BY),
    u16(NEEDED_VERSION),
    common(entry, when),
    [entry.crc, entry.stored, entry.size].map(u32).flat(),
    nameLength(entry),
    // No extra field, no comment, the first disk, no inner attributes.
    [0, 0, 0, 0].map(u16).flat(),
    u32(FILE_MODE * 2 ** 16),
    u32(entry.at),
    ascii(entry.name),
  ]);
}

/** What ends a ZIP. @param directory how many lines and bytes it has, and where it begins. */
export function zipEnd(directory: { readonly entries: number; readonly bytes: number; readonly at: number }): Uint8Array {
  const { entries, bytes, at } = directory;
  return bytesOf([u32(0x0605_4b50), u16(0), u16(0), u16(entries), u16(entries), u32(bytes), u32(at), u16(0)]);
}

function common({ deflated }: Pick<ZipEntry, 'deflated'>, when: Date): number[] {
  const time = (when.getUTCHours() << 11) | (when.getUTCMinutes() << 5) | (when.getUTCSeconds() >> 1);
  const date = ((when.getUTCFullYear() - 1980) << 9) | ((when.getUTCMonth() + 1) << 5) | when.getUTCDate();
  return [deflated ? SIZES_BEHIND : 0, deflated ? DEFLATE : 0, time, date].map(u16).flat();
}

function nameLength({ name }: Pick<ZipEntry, 'name'>): number[] {
  return u16(name.length);
}

function u16(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff];
}

function u32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
}

function ascii(text: string): number[] {
  return Array.from({ length: text.length }, (_, index) => {
    const code = text.charCodeAt(index);
    if (code > 0x7e) throw new Error('names of files in a ZIP are ASCII here');
    return code;
  });
}

function bytesOf(parts: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flat());
}
