import type { Platform, Step } from './platform.ts';
import type { SupervisorEvent } from './supervisor.ts';

/** What the starter shows: a line per step that is done, on a terminal a live one for those under way, and one screen when ready. */
export interface Screen {
  readonly step: (step: Step) => void;
  readonly event: (event: SupervisorEvent) => void;
  readonly ready: (platform: Platform) => void;
  readonly failed: (sentence: string) => void;
  readonly stopping: () => void;
  readonly stopped: (elapsedMs: number) => void;
}

/** Writes to the terminal; without one, only whole lines. */
export function createScreen(output: NodeJS.WriteStream = process.stdout): Screen {
  const began = Date.now();
  const underWay = new Map<string, string>();
  let quiet = false;
  const clear = (): void => void (output.isTTY && output.write('\r\u001b[K'));
  const live = (): void => {
    if (!output.isTTY || underWay.size === 0) return;
    const text = [...underWay].map(([name, detail]) => (detail === '' ? name : `${name} (${detail})`)).join(', ');
    output.write(`\r\u001b[K  … ${seconds(Date.now() - began)}  ${text}`.slice(0, Math.max(40, output.columns)));
  };
  const line = (text: string): void => {
    clear();
    output.write(`${text}\n`);
    live();
  };
  const ticker = setInterval(live, 1_000).unref();

  return {
    step({ name, state, text = '', elapsedMs }) {
      if (quiet) return;
      // Without a terminal, a step that takes minutes still shows what it does: once for each thing, not each second.
      const said = underWay.get(name)?.split(':')[0];
      if (state === 'progress' && !output.isTTY && /:/.test(text) && said !== text.split(':')[0])
        output.write(`  … ${name}: ${text.split(':')[0]}\n`);
      if (state === 'done') underWay.delete(name);
      else underWay.set(name, text);
      if (state === 'done') line(`  ✓ ${name} ${seconds(elapsedMs)}`);
      else live();
    },
    event(event) {
      if (!quiet && event.kind === 'ended')
        line(`  ! ${event.name} ended (${event.reason}); it is started again in ${seconds(event.restartInMs)}`);
    },
    ready(platform) {
      clearInterval(ticker);
      line(readyText(platform, Date.now() - began));
    },
    failed(sentence) {
      underWay.clear();
      line(sentence);
    },
    stopping() {
      underWay.clear();
      line('Stopping …');
      quiet = true;
    },
    stopped: (elapsedMs) => line(`Stopped in ${seconds(elapsedMs)}.`),
  };
}

function readyText({ urls, demoAccount, dataDir }: Platform, elapsedMs: number): string {
  const rows: [string, string | undefined][] = [
    ['API', urls.apiUrl],
    ['its documentation', `${urls.apiUrl}/docs`],
    ['Temporal Web UI', urls.uiUrl],
    ['outside world', urls.sandboxUrl && `${urls.sandboxUrl}  (mails, payments and webhooks as they happen)`],
    ['demo account', demoAccount && `${demoAccount.email}  password ${demoAccount.password}`],
    ['data and logs', dataDir],
  ];
  const shown = rows.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(18)} ${value}`]));
  return ['', `SafeSplitX is ready after ${seconds(elapsedMs)}.`, '', ...shown, '', '  ctrl-C stops everything; the data stays.', ''].join(
    '\n',
  );
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
