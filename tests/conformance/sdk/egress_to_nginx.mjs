// SPDX-License-Identifier: Apache-2.0
// What goes into an ingress comes out of its egress, frame by frame: the ffmpeg command publishes numbered
// pictures, the SDK starts the egress, nginx-rtmp (another's server) receives and records.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { read } from './frame_code.mjs';
import { eventually, publishNumbered, sdk, withSandbox } from './harness.mjs';

const { EgressClient, EgressStatus, IngressClient, IngressInput, RoomServiceClient, StreamOutput, StreamProtocol, TrackType } =
  await sdk('livekit-server-sdk');
const run = promisify(execFile);
const WIDTH = 320;
const HEIGHT = 180;
const FRAMES = 600;

/** A port nobody has now. */
const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** nginx with its RTMP module, unprivileged, on a port of its own; records what it is sent as FLV. */
async function startNginx(folder) {
  const port = await freePort();
  const records = join(folder, 'records');
  await mkdir(records, { recursive: true });
  await writeFile(join(folder, 'nginx.conf'), `
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 64; }
rtmp {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    application live { live on; record all; record_path ${records}; record_unique on; }
  }
}
`);
  const child = spawn('/usr/sbin/nginx', ['-e', join(folder, 'error.log'), '-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'inherit' });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  await eventually('nginx', () => stat(join(folder, 'nginx.pid')).catch(() => null));
  return {
    url: `rtmp://127.0.0.1:${port}/live`,
    records: async () => (await readdir(records)).map((name) => join(records, name)),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The frame numbers in a recording, in order. */
async function numbersIn(file) {
  const { stdout } = await run('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'gray', '-'],
    { encoding: 'buffer', maxBuffer: 1 << 30 });
  const size = WIDTH * HEIGHT;
  return Array.from({ length: stdout.length / size }, (_, i) => read(stdout.subarray(i * size, (i + 1) * size), WIDTH));
}

await withSandbox(process.argv[2], [], async ({ dir, settings }) => {
  const { LIVEKIT_URL: url, LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = settings;
  const nginx = await startNginx(join(dir, 'nginx'));
  try {
    const ingress = await new IngressClient(url, key, secret).createIngress(
      IngressInput.RTMP_INPUT, { name: 'cam', roomName: 'stage', participantIdentity: 'cam-1' });
    const rooms = new RoomServiceClient(url, key, secret);
    const egress = new EgressClient(url, key, secret);
    const publisher = publishNumbered(`${ingress.url}/${ingress.streamKey}`, WIDTH, HEIGHT, FRAMES);
    const person = await eventually('two tracks', async () =>
      (await rooms.listParticipants('stage').catch(() => [])).find((one) => one.tracks.length === 2));
    const track = (type) => person.tracks.find((one) => one.type === type).sid;
    const started = await egress.startTrackCompositeEgress(
      'stage', new StreamOutput({ protocol: StreamProtocol.RTMP, urls: [`${nginx.url}/program-key`] }),
      { videoTrackId: track(TrackType.VIDEO), audioTrackId: track(TrackType.AUDIO) });
    await eventually('nginx to record', async () => {
      for (const file of await nginx.records()) if ((await stat(file)).size > 200_000) return true;
      return false;
    });
    await egress.stopEgress(started.egressId);
    const done = await eventually('a complete egress', async () => {
      const [one] = await egress.listEgress({ egressId: started.egressId });
      return one.status === EgressStatus.EGRESS_COMPLETE && one;
    });
    assert.equal(done.error, '');
    await publisher.stop();
    const files = await nginx.records();
    assert.equal(files.length, 1, 'one connection, one recording');
    const numbers = await numbersIn(files[0]);
    assert.ok(numbers.length > 60, `only ${numbers.length} frames arrived`);
    // The very same frames: every number legible, none missing, none twice.
    numbers.forEach((number, i) => assert.equal(number, numbers[0] + i, `frame ${i} of the recording`));
    const probe = JSON.parse((await run('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', files[0]])).stdout);
    assert.deepEqual(probe.streams.map((one) => one.codec_name).sort(), ['aac', 'h264']);
    console.log(`${numbers.length} frames, ${numbers[0]} to ${numbers.at(-1)}, all in order`);
  } finally {
    await nginx.stop();
  }
});
