import { createHash } from 'node:crypto';
import { beginTry, endTry } from '../../db/commands/notification/deliveries.ts';
import { read } from '../../db/transact.ts';
import { LETTERS, type LetterName } from '../../domain/notices.ts';
import { runCommand, type ActivityDeps } from '../edge.ts';
import { CHANNELS, type Channel, type ChannelName } from './channels/channel.ts';
import type { SendLetterInput, SendLetterResult } from './contract.ts';
import { asHtml, asText, subjectLine } from './letters/letter.ts';
import { WRITERS } from './letters/writers.ts';

/**
 * Sends one letter in three steps, each safe to repeat: count the try, hand the message over, note the result.
 *
 * @throws Error when the channel or letter is unknown, which is a row of a newer release: retried until that is there.
 */
export async function sendLetter(
  deps: ActivityDeps,
  channels: Readonly<Record<ChannelName, Channel>>,
  publicUrl: string,
  input: SendLetterInput,
): Promise<SendLetterResult> {
  const channel = channels[oneOf(CHANNELS, input.channel)];
  const name: LetterName = oneOf(LETTERS, input.letter);
  const at = new Date(input.nowIso);
  const tried = await runCommand(deps, (tx) => beginTry(tx, input.deliveryIds));
  if (tried.length === 0) return { outcome: 'nothing', code: null };
  const desk = {
    query: <Row extends object>(text: string, values?: readonly unknown[]) => read<Row>(deps.db, text, values),
    secrets: deps.secrets,
    publicUrl,
  };
  const letter = await WRITERS[name](desk, tried);
  const about = letter?.deliveryIds ?? [];
  const pointless = tried.map(({ id }) => id).filter((id) => !about.includes(id));
  if (pointless.length > 0) await runCommand(deps, (tx) => endTry(tx, pointless, { outcome: 'suppressed', code: 'outdated' }, at));
  if (letter === null) return { outcome: 'suppressed', code: 'outdated' };
  const result = await channel.send({
    key: messageKey(about),
    to: letter.to,
    subject: subjectLine(letter),
    text: asText(letter),
    html: asHtml(letter),
    headers: letter.token === undefined ? {} : { 'X-SafeSplitX-Token': letter.token },
  });
  await runCommand(deps, (tx) => endTry(tx, about, result, at));
  return { outcome: result.outcome, code: 'code' in result ? result.code : null };
}

/** The same messages give the same key, whatever the order; another set is another message. */
function messageKey(deliveryIds: readonly string[]): string {
  const [first = '', ...rest] = deliveryIds.toSorted();
  if (rest.length === 0) return first;
  return createHash('sha256')
    .update([first, ...rest].join())
    .digest('hex')
    .slice(0, 40);
}

function oneOf<T extends string>(known: readonly T[], value: string): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new Error(`"${value}" is not known to this release`);
  return found;
}
