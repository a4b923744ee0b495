// SPDX-License-Identifier: Apache-2.0
// A room's composite through the sandbox, judged at the viewer's end: publishers of one color and one tone each, started and
// rearranged by the LiveKit SDK, watched as HLS at Mux. Which color is where, and which tones are heard?
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, receiveWebhooks, sdk, withSandbox } from './harness.mjs';

const run = promisify(execFile);
const { EgressClient, EgressStatus, EncodedFileOutput, EncodingOptions, IngressClient, IngressInput, RoomServiceClient, StreamOutput, StreamProtocol } =
  await sdk('livekit-server-sdk');
const { default: Mux } = await sdk('@mux/mux-node');
const WIDTH = 640;
const HEIGHT = 360;
const RATE = 8000;

/** Publishes one color and one tone until `stop`. */
function publishColor(url, color, hertz, volume = 1) {
  const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', `color=c=${color}:s=320x180:r=15`,
    '-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=48000,volume=${volume}`, '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency',
    '-g', '15', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ac', '2', '-f', 'flv', url], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  return { stop: () => { child.kill('SIGINT'); return ended; } };
}

/** The newest segment a viewer of this playlist gets. */
async function newest(playlist) {
  const text = async (url) => {
    const answer = await fetch(url);
    assert.equal(answer.status, 200, `${url}: ${answer.status}`);
    return answer.text();
  };
  const last = (list) => list.trim().split('\n').filter((line) => !line.startsWith('#')).pop();
  const media = new URL(last(await text(playlist)), playlist);
  const answer = await fetch(new URL(last(await text(media)), media));
  assert.equal(answer.status, 200);
  return Buffer.from(await answer.arrayBuffer());
}

function decode(bytes, args) {
  return new Promise((resolve, reject) => {
    const child = execFile('ffmpeg', ['-v', 'error', '-i', 'pipe:0', ...args, 'pipe:1'], { encoding: 'buffer', maxBuffer: 1 << 28 },
      (error, stdout) => (error ? reject(error) : resolve(stdout)));
    child.stdin.on('error', () => {});
    child.stdin.end(bytes);
  });
}

/** What the viewer sees at some places of the newest picture: "red", "green", "blue", "white", "black" or the numbers. */
async function colors(playlist, places) {
  const size = WIDTH * HEIGHT * 3;
  const pictures = await decode(await newest(playlist), ['-an', '-f', 'rawvideo', '-pix_fmt', 'rgb24']);
  const picture = pictures.subarray(pictures.length - size);
  const known = { red: [255, 0, 0], green: [0, 128, 0], blue: [0, 0, 255], white: [255, 255, 255], black: [0, 0, 0] };
  return places.map(([x, y]) => {
    const at = (Math.round(y * HEIGHT) * WIDTH + Math.round(x * WIDTH)) * 3;
    const rgb = [...picture.subarray(at, at + 3)];
    const near = Object.entries(known).find(([, wanted]) => wanted.every((value, i) => Math.abs(value - rgb[i]) < 40));
    return near ? near[0] : String(rgb);
  });
}

/** Which of these tones are heard in the newest segment. */
async function tones(playlist, candidates) {
  const bytes = await decode(await newest(playlist), ['-vn', '-ac', '1', '-ar', String(RATE), '-f', 's16le']);
  const samples = Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i) / 32768);
  return candidates.filter((hertz) => {
    let re = 0;
    let im = 0;
    samples.forEach((sample, i) => {
      re += sample * Math.cos(2 * Math.PI * hertz * i / RATE);
      im += sample * Math.sin(2 * Math.PI * hertz * i / RATE);
    });
    return Math.hypot(re, im) * 2 / samples.length > 0.02;
  });
}

/** The compositor's process below the sandbox. */
async function compositorOf(dir) {
  const { pid: parent } = JSON.parse(await readFile(join(dir, 'instance.json'), 'utf8'));
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [line, stat] = await Promise.all(['cmdline', 'stat'].map((file) => readFile(join('/proc', pid, file), 'utf8').catch(() => '')));
    const [, above] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (line.includes('\0compose\0run\0') && Number(above) === parent) return Number(pid);
  }
  throw new Error('there is no compositor');
}

const hooks = await receiveWebhooks();
await withSandbox(process.argv[2], ['--webhook-url', hooks.url], async ({ dir, settings, http, status }) => {
  const { LIVEKIT_URL: url, LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = settings;
  const rooms = new RoomServiceClient(url, key, secret);
  const ingress = new IngressClient(url, key, secret);
  const egress = new EgressClient(url, key, secret);
  const mux = new Mux({ tokenId: settings.MUX_TOKEN_ID, tokenSecret: settings.MUX_TOKEN_SECRET, baseURL: http, maxRetries: 0 });
  const live = () => mux.video.liveStreams.create({ playback_policies: ['public'], new_asset_settings: { playback_policies: ['public'] }, reconnect_window: 2 });
  const main = await live();
  const playlist = `${settings.MUX_STREAM_BASE_URL}/${main.playback_ids[0].id}.m3u8`;

  const join_ = async (identity, color, hertz, volume) => {
    const made = await ingress.createIngress(IngressInput.RTMP_INPUT, { name: identity, roomName: 'stage', participantIdentity: identity });
    const publisher = publishColor(`${made.url}/${made.streamKey}`, color, hertz, volume);
    await eventually(`${identity} in the room`, async () =>
      (await rooms.listParticipants('stage')).some((one) => one.identity === identity && one.tracks.length === 2));
    return publisher;
  };
  const find = async (id) => (await egress.listEgress({ egressId: id }))[0];
  const sees = async (what, places, wanted) => {
    let last;
    await eventually(`${what}: ${wanted}`, async () => {
      last = await colors(playlist, places);
      return String(last) === String(wanted);
    }).catch((error) => { throw new Error(`${error.message}; last seen: ${last}`); });
  };
  const hears = (what, wanted) => eventually(what, async () => String(await tones(playlist, [440, 880, 1320])) === String(wanted));

  const encodingOptions = new EncodingOptions({ width: WIDTH, height: HEIGHT, framerate: 15, videoBitrate: 800, audioBitrate: 96, keyFrameInterval: 1 });
  const red = await join_('cam-1', 'red', 440);
  // Well below the first one: on a loaded machine a gap in red's sound may make green the speaker, and
  // of two as loud as each other it would stay that.
  const green = await join_('cam-2', 'green', 880, 0.35);
  const started = await egress.startRoomCompositeEgress('stage', {
    stream: new StreamOutput({ protocol: StreamProtocol.RTMP, urls: [`mux://${main.stream_key}`] }),
    file: new EncodedFileOutput({ filepath: 'mix.mp4' }),
  }, {
    layout: 'grid',
    encodingOptions,
  });
  assert.equal(started.status, EgressStatus.EGRESS_STARTING);
  await eventually('an active composite', async () => (await find(started.egressId)).status === EgressStatus.EGRESS_ACTIVE);
  await eventually('the live stream active', async () => (await mux.video.liveStreams.retrieve(main.id)).status === 'active');

  // Two share the picture; both are heard.
  const halves = [[0.25, 0.5], [0.75, 0.5]];
  await sees('two side by side', halves, ['red', 'green']);
  await hears('the tones of both', [440, 880]);

  // Other layouts, on air.
  await egress.updateLayout(started.egressId, 'speaker');
  await sees('the speaker large, the other small', [[0.6, 0.5], [0.08, 0.05], [0.08, 0.8]], ['red', 'green', 'black']);
  await egress.updateLayout(started.egressId, 'speaker-light');
  await sees('the same on white', [[0.6, 0.5], [0.08, 0.05], [0.08, 0.8]], ['red', 'green', 'white']);
  await egress.updateLayout(started.egressId, 'single-speaker');
  await sees('the speaker alone', [[0.05, 0.05], [0.95, 0.95]], ['red', 'red']);
  await egress.updateLayout(started.egressId, 'grid');
  await sees('the grid again', halves, ['red', 'green']);

  // A third one comes, and goes elsewhere, too: a second output on the running composite.
  const blue = await join_('cam-3', 'blue', 1320);
  const quarters = [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]];
  await sees('three in quarters', quarters, ['red', 'green', 'blue', 'black']);
  const spare = await live();
  const more = await egress.updateStream(started.egressId, [`mux://${spare.stream_key}`], []);
  assert.equal(more.streamResults.length, 2);
  await eventually('the second live stream active', async () => (await mux.video.liveStreams.retrieve(spare.id)).status === 'active');
  const fewer = await egress.updateStream(started.egressId, [], [`mux://${spare.stream_key}`]);
  assert.equal(fewer.status, EgressStatus.EGRESS_ACTIVE);

  // One leaves: the grid closes up, the tone is gone.
  await green.stop();
  await sees('the two that are left', halves, ['red', 'blue']);
  await hears('the tones of those left', [440, 1320]);

  // Tracks of one among several, as they are.
  const person = (await rooms.listParticipants('stage')).find((one) => one.identity === 'cam-3');
  const single = await egress.startParticipantEgress('stage', 'cam-3', { file: new EncodedFileOutput({ filepath: 'blue.mp4' }) });
  await eventually('a file of one participant', async () => (await find(single.egressId)).fileResults[0].startedAt > 0n);
  assert.ok(person.tracks.length === 2);

  await egress.stopEgress(started.egressId);
  const done = await eventually('a complete composite', async () => {
    const one = await find(started.egressId);
    return one.status === EgressStatus.EGRESS_COMPLETE && one;
  });
  assert.equal(done.details, 'End reason: StopEgress API');
  assert.ok(done.fileResults[0].size > 0n);
  const shape = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0', done.fileResults[0].location]);
  assert.deepEqual(shape.stdout.trim().split('\n').sort(), ['aac', `h264,${WIDTH},${HEIGHT}`]);
  await egress.stopEgress(single.egressId);

  // What a browser would be needed for stays refused; so does another codec.
  const to = { file: new EncodedFileOutput({ filepath: 'no.mp4' }) };
  const refused = (code) => (error) => { assert.equal(error.status, code, error.message); return true; };
  await assert.rejects(egress.startRoomCompositeEgress('stage', to, { customBaseUrl: 'https://example.org/' }), refused(503));
  await assert.rejects(egress.startWebEgress('https://example.org/', to), refused(503));
  await assert.rejects(egress.startRoomCompositeEgress('stage', to, { encodingOptions: new EncodingOptions({ width: 641 }) }), refused(400));

  // A compositor that dies is a failed egress; a room whose last publisher leaves ends its composite.
  const doomed = await egress.startRoomCompositeEgress('stage', new EncodedFileOutput({ filepath: 'doomed.mp4' }), { layout: 'grid', encodingOptions });
  await eventually('an active composite to be ended', async () => (await find(doomed.egressId)).status === EgressStatus.EGRESS_ACTIVE);
  // The first one's compositor has its moment to end by itself: it must not be taken for this one's.
  await eventually('one compositor alone', async () => (await status()).children.composites === 1);
  process.kill(await compositorOf(dir), 'SIGKILL');
  const dead = await eventually('a failed composite', async () => {
    const one = await find(doomed.egressId);
    return one.status === EgressStatus.EGRESS_FAILED && one;
  });
  assert.equal(dead.errorCode, 500);
  assert.match(dead.error, /signal 9/);
  const last = await egress.startRoomCompositeEgress('stage', new EncodedFileOutput({ filepath: 'last.mp4' }), { audioOnly: true });
  await eventually('an active composite of sound alone', async () => (await find(last.egressId)).status === EgressStatus.EGRESS_ACTIVE);
  await red.stop();
  await blue.stop();
  const over = await eventually('the end with the last publisher', async () => {
    const one = await find(last.egressId);
    return one.status === EgressStatus.EGRESS_COMPLETE && one;
  });
  assert.equal(over.details, 'End reason: Source closed');
  const sound = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_type', '-of', 'csv=p=0', over.fileResults[0].location]);
  assert.equal(sound.stdout.trim(), 'audio');

  const told = hooks.seen.map((one) => one.json).filter((event) => event.egressInfo?.egressId === started.egressId).map((event) => event.event);
  assert.equal(told[0], 'egress_started');
  assert.equal(told.at(-1), 'egress_ended');
  assert.ok(told.includes('egress_updated'));
  await eventually('no child left', async () => {
    const { children } = await status();
    return children.relays === 0 && children.composites === 0;
  });
});
await hooks.close();
console.log('ok');
