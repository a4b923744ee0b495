// SPDX-License-Identifier: Apache-2.0
// However a sandbox ends in the middle of a show, nothing it started goes on: down, Ctrl-C, SIGTERM, SIGKILL.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, publish, sdk } from './harness.mjs';

const { EgressClient, IngressClient, IngressInput, RoomServiceClient, StreamOutput, StreamProtocol, TrackType } =
  await sdk('livekit-server-sdk');
const { default: Mux } = await sdk('@mux/mux-node');
const ts = process.argv[2];

/** Process ids whose parent is `parent`. */
async function childrenOf(parent) {
  const found = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const status = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    // After the name in brackets: state, parent.
    if (Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]) === parent) found.push(Number(entry));
  }
  return found;
}
const alive = async (pid) => {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return status !== '' && !/\) [ZX] /.test(status);
};

/** A show on the air in a sandbox of its own: a camera, an egress, a live stream. */
async function onAir() {
  const dir = await mkdtemp(join(tmpdir(), 'ts-end-'));
  const child = spawn(ts, ['sandbox', 'up', '--dir', dir, '-q'], { env: { PATH: process.env.PATH, HOME: dir }, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
  const text = await eventually('the settings', () => readFile(join(dir, 'instance.json')).then(() => readFile(join(dir, 'env'), 'utf8'), () => null));
  const settings = Object.fromEntries(text.split('\n').filter((line) => /^[A-Z]/.test(line)).map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
  const keys = [settings.LIVEKIT_URL, settings.LIVEKIT_API_KEY, settings.LIVEKIT_API_SECRET];
  const mux = new Mux({ tokenId: settings.MUX_TOKEN_ID, tokenSecret: settings.MUX_TOKEN_SECRET, baseURL: settings.MUX_BASE_URL });
  const live = await mux.video.liveStreams.create({ playback_policies: ['public'] });
  const camera = await new IngressClient(...keys).createIngress(IngressInput.RTMP_INPUT, { name: 'c', roomName: 'stage', participantIdentity: 'cam' });
  const publisher = publish(`${camera.url}/${camera.streamKey}`);
  const person = await eventually('the camera', async () =>
    (await new RoomServiceClient(...keys).listParticipants('stage')).find((one) => one.tracks.length === 2));
  await new EgressClient(...keys).startTrackCompositeEgress(
    'stage', new StreamOutput({ protocol: StreamProtocol.RTMP, urls: [`mux://${live.stream_key}`] }),
    { videoTrackId: person.tracks.find((one) => one.type === TrackType.VIDEO).sid });
  const children = await eventually('a relay and a recorder', async () => {
    const found = await childrenOf(child.pid);
    return found.length === 2 && found;
  });
  return { dir, child, ended, publisher, children };
}

const ways = [
  ['down', (show) => spawn(ts, ['sandbox', 'down', '--dir', show.dir], { env: { PATH: process.env.PATH, HOME: show.dir }, stdio: 'ignore' }), { code: 0, signal: null }],
  ['Ctrl-C', (show) => show.child.kill('SIGINT'), { code: 130, signal: null }],
  ['SIGTERM', (show) => show.child.kill('SIGTERM'), { code: 143, signal: null }],
  ['SIGKILL', (show) => show.child.kill('SIGKILL'), { code: null, signal: 'SIGKILL' }],
];
for (const [name, end, expected] of ways) {
  const show = await onAir();
  const before = Date.now();
  end(show);
  assert.deepEqual(await show.ended, expected, name);
  const took = Date.now() - before;
  assert.ok(took < 10_000, `${name} took ${took} ms`);
  await eventually(`${name}: the children gone`, async () => (await Promise.all(show.children.map(alive))).every((one) => !one));
  await show.publisher.ended;
  const left = await readdir(show.dir);
  if (name !== 'SIGKILL') assert.ok(!left.includes('instance.json'), `${name} left ${left}`);
  await rm(show.dir, { recursive: true, force: true });
  console.log(`${name}: ${took} ms`);
}
