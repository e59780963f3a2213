import { fileTypeFromBuffer } from 'file-type';
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { refusal, RefusalError } from '../domain/refusal.ts';
import { turns } from './turns.ts';

/** Most bytes of a file that is sent to us. */
export const RECEIPT_BYTES_MAX = 10 * 1_048_576;
/** Most pixels of a picture before it is made smaller: decoded they take 200 MB. Phones take 12 to 48 million. */
const PIXELS_MAX = 50_000_000;
/** Longest side of a picture as it is kept: print of a till stays readable. */
const SIDE_MAX = 4_096;
/** Pictures worked on at the same time, each on a thread of its own. */
const AT_ONCE = 2;
/** Pictures that may wait for their turn, each in memory with all its bytes. */
const WAITING_MAX = 16;
/** A picture that takes longer is made to take long. */
const SECONDS_MAX = 20;
/** JPEG and WebP at this quality show no loss on paper slips. */
const QUALITY = 85;
/** The end of a PDF stands in its last bytes (ISO 32000, annex H: 1,024). */
const PDF_END_BYTES = 1_024;

/** What a receipt can be. */
export const RECEIPT_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'application/pdf'] as const;
export type ReceiptType = (typeof RECEIPT_TYPES)[number];

/** A file as it is kept. */
export interface CleanFile {
  readonly bytes: Buffer;
  readonly contentType: ReceiptType;
  /** Of a picture, in pixels. */
  readonly width: number | null;
  readonly height: number | null;
}

/** Thrown where more pictures are sent than can be worked on in time; answered with 503. */
export class PicturesBusy extends Error {
  constructor() {
    super('too many pictures at once');
    this.name = 'PicturesBusy';
  }
}

type Open = (bytes: Buffer, options: SharpOptions) => Sharp;
let opening: Promise<Open> | undefined;

/** The library with its decoders, some 20 MB: loaded with the first picture. */
async function loadSharp(): Promise<Open> {
  const { default: sharp } = await import('sharp');
  // Only these decoders may run, whatever a file pretends to be, each on one thread, and nothing of it is kept.
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp'] });
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

const inTurn = turns({ atOnce: AT_ONCE, waitingMax: WAITING_MAX }, () => new PicturesBusy());

/**
 * Makes out of what somebody sent a file that can be kept and shown. Its type is what its bytes say. A picture is
 * decoded, turned as its camera held it and encoded anew, so nothing but what it shows is left: no place, no maker, no
 * hidden file; of an animation the first frame. A PDF is kept as it is.
 *
 * @throws RefusalError receipt_type (not one of the four), receipt_unreadable, image_too_large.
 * @throws PicturesBusy
 */
export async function cleanReceipt(bytes: Buffer): Promise<CleanFile> {
  const found = (await fileTypeFromBuffer(bytes))?.mime;
  if (found === 'application/pdf') return { bytes: wholePdf(bytes), contentType: found, width: null, height: null };
  const kind = PICTURES.find(({ mimes }) => mimes.some((mime) => mime === found));
  if (kind === undefined) throw refusal('receipt_type', 'A receipt is a JPEG, PNG or WebP picture or a PDF; these bytes are none.');
  return inTurn(() => picture(bytes, kind.contentType, kind.encode));
}

interface PictureKind {
  /** What the bytes may say. */
  readonly mimes: readonly string[];
  readonly contentType: ReceiptType;
  readonly encode: (image: Sharp) => Sharp;
}

const PICTURES: readonly PictureKind[] = [
  { mimes: ['image/jpeg'], contentType: 'image/jpeg', encode: (image) => image.jpeg({ quality: QUALITY }) },
  { mimes: ['image/png', 'image/apng'], contentType: 'image/png', encode: (image) => image.png() },
  { mimes: ['image/webp'], contentType: 'image/webp', encode: (image) => image.webp({ quality: QUALITY }) },
];

async function picture(bytes: Buffer, contentType: ReceiptType, encode: (image: Sharp) => Sharp): Promise<CleanFile> {
  const options = { failOn: 'truncated', limitInputPixels: PIXELS_MAX, sequentialRead: true } as const;
  const sharp = await (opening ??= loadSharp());
  try {
    const { width, height }: Metadata = await sharp(bytes, options).metadata();
    if (width * height > PIXELS_MAX) throw tooLarge();
    const image = sharp(bytes, options)
      .timeout({ seconds: SECONDS_MAX })
      .autoOrient()
      .resize({ width: SIDE_MAX, height: SIDE_MAX, fit: 'inside', withoutEnlargement: true });
    const { data, info } = await encode(image).toBuffer({ resolveWithObject: true });
    return { bytes: data, contentType, width: info.width, height: info.height };
  } catch (error) {
    throw unreadable(error);
  }
}

function wholePdf(bytes: Buffer): Buffer {
  const begins = /^%PDF-[12]\.\d/.test(bytes.subarray(0, 8).toString('latin1'));
  if (!begins || !bytes.subarray(-PDF_END_BYTES).includes('%%EOF')) throw unreadable(null);
  return bytes;
}

function unreadable(error: unknown): Error {
  if (error instanceof RefusalError) return error;
  if (error instanceof Error && error.message.includes('pixel limit')) return tooLarge();
  return refusal('receipt_unreadable', 'The file is damaged or not whole.');
}

function tooLarge(): Error {
  return refusal('image_too_large', `A picture has at most ${PIXELS_MAX} pixels.`);
}
