import sharp from 'sharp';

/** The smallest picture: one grey pixel, as PNG. */
export const ONE_PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

/** A PDF of one empty page. */
export const ONE_PAGE = Buffer.from(
  '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n' +
    '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
);

/** A picture of one colour. */
export function picture(format: 'jpeg' | 'png' | 'webp', width = 40, height = 30, colour = '#c33'): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: colour } })
    .toFormat(format)
    .toBuffer();
}

/** A form with one file, as a browser sends it. */
export function formOf(bytes: Uint8Array, type = 'application/octet-stream', name = 'file'): FormData {
  const form = new FormData();
  form.set(name, new Blob([Buffer.from(bytes)], { type }), 'receipt');
  return form;
}
