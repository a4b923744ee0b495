// SPDX-License-Identifier: Apache-2.0
// What the SDK tests share: a sandbox of their own, the vendors' SDKs, a webhook receiver.
import { execFile, spawn } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { draw } from './frame_code.mjs';

// Debian 12's Node.js 18 does not show Web Crypto, which the SDKs need, as a global.
globalThis.crypto ??= webcrypto;

const run = promisify(execFile);
const packages = createRequire(new URL('../../node/package.json', import.meta.url));

// How long anything is waited for, in milliseconds: bounds a failure only, so it is generous to a busy machine.
const PATIENCE = 60_000;

/** Imports a package of tests/node; a missing one fails the test. */
export const sdk = (name) => import(pathToFileURL(packages.resolve(name)).href);

/** Starts `ts sandbox up` in a folder of its own; `down` ends it and removes the folder. */
export async function startSandbox(ts, options = []) {
  const dir = await mkdtemp(join(tmpdir(), 'ts-sdk-'));
  const env = { PATH: process.env.PATH, HOME: dir, XDG_STATE_HOME: dir };
  const ask = (...args) => run(ts, [...args, '--dir', dir], { env });
  await ask('sandbox', 'up', '--detach', ...options);
  const settings = {};
  for (const line of (await readFile(join(dir, 'env'), 'utf8')).split('\n')) {
    const at = line.indexOf('=');
    if (at > 0 && !line.startsWith('#')) settings[line.slice(0, at)] = line.slice(at + 1);
  }
  return {
    dir,
    settings,
    http: settings.MUX_BASE_URL,
    status: async () => JSON.parse((await ask('sandbox', 'status', '--json')).stdout),
    down: async () => {
      await ask('sandbox', 'down');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Runs `body` with a sandbox and ends it whatever happens. */
export async function withSandbox(ts, options, body) {
  const sandbox = await startSandbox(ts, options);
  try {
    await body(sandbox);
  } finally {
    await sandbox.down();
  }
}

/** Receives webhooks; `next(test, ms)` waits for the first that passes and was not taken yet. */
export async function receiveWebhooks() {
  const seen = [];
  const waiting = new Set();
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      seen.push({ headers: request.headers, body, json: JSON.parse(body), taken: false });
      response.end();
      for (const look of [...waiting]) look();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/hooks`,
    seen,
    next: (test, ms = PATIENCE) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          const types = seen.map((one) => one.json.event ?? one.json.type).join(', ');
          reject(new Error(`no such webhook in ${ms} ms; seen: ${types}`));
        }, ms);
        const look = () => {
          const found = seen.find((one) => !one.taken && test(one.json));
          if (!found) return;
          found.taken = true;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** Polls until `probe` gives something; what it throws meanwhile is tried again. Fails with what it saw last. */
export async function eventually(what, probe, ms = PATIENCE) {
  const until = Date.now() + ms;
  let last;
  while (Date.now() < until) {
    last = undefined;
    try {
      const found = await probe();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what} did not come in ${ms} ms${last ? `; last: ${last.message}` : ''}`, { cause: last });
}

/** Publishes a moving picture and a tone with the ffmpeg command until `stop` or its end. */
export function publish(url, seconds = 60) {
  const child = spawn(
    'ffmpeg',
    ['-hide_banner', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30',
      '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-c:v', 'libx264', '-preset',
      'ultrafast', '-tune', 'zerolatency', '-g', '30', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ac', '2',
      '-t', String(seconds), '-f', 'flv', url],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (chunk) => { errors += chunk; });
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal, errors: () => errors })));
  return {
    ended,
    stop: async () => {
      child.kill('SIGINT');
      return ended;
    },
  };
}

/** Publishes `frames` numbered pictures and a tone, in real time, with the ffmpeg command. */
export function publishNumbered(url, width, height, frames) {
  const child = spawn('ffmpeg', [
    '-hide_banner', '-loglevel', 'error', '-re', '-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${width}x${height}`, '-r', '30',
    '-i', 'pipe:0', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-c:v', 'libx264', '-preset', 'ultrafast',
    '-tune', 'zerolatency', '-g', '30', '-crf', '18', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ac', '2', '-shortest', '-f', 'flv', url],
  { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
  let next = 0;
  let open = true;
  child.stdin.on('error', () => { open = false; });
  const feed = () => {
    while (open && next < frames) {
      if (!child.stdin.write(draw(next++, width, height))) {
        child.stdin.once('drain', feed);
        return;
      }
    }
    child.stdin.end();
  };
  feed();
  return { ended, stop: () => { child.kill('SIGINT'); return ended; } };
}
