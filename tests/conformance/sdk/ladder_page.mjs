// SPDX-License-Identifier: Apache-2.0
// The HLS ladder of ts compose in a real browser: Chromium reads the master playlist through hls.js while the
// program is on air, plays each step, and changes between them without an error. A second argument names a
// file for a screenshot.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { eventually, sdk } from './harness.mjs';

const { chromium } = (await sdk('playwright-core')).default;
const packages = createRequire(new URL('../../node/package.json', import.meta.url));
const player = await readFile(join(dirname(packages.resolve('hls.js')), 'hls.min.js'), 'utf8');

const SHOW = {
  schema: 'ts.show/1',
  name: 'ladder',
  canvas: { width: 640, height: 360, fps: 30 },
  sources: { bars: { test: 'bars' } },
  scenes: { opening: { layout: 'full', slots: ['bars'] } },
  program: 'opening',
  encode: { video_bitrate: '800k', gop: '1s', preset: 'ultrafast' },
  renditions: { low: { width: 320, video_bitrate: '200k' } },
};
const PAGE = `<!doctype html><title>ladder</title><video id="video" muted autoplay width="640"></video>
<script src="/hls.js"></script><script>
  window.trouble = [];
  window.hls = new Hls({ liveSyncDurationCount: 2, enableWorker: false });
  hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal || data.type !== 'networkError') trouble.push(data.details); });
  hls.loadSource('/live/index.m3u8');
  hls.attachMedia(document.getElementById('video'));
</script>`;
const TYPES = { '.m3u8': 'application/vnd.apple.mpegurl', '.mp4': 'video/mp4', '.m4s': 'video/iso.segment', '.ts': 'video/mp2t' };

/** Serves the page, the player and the folder of the ladder. */
async function serve(folder) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://x').pathname;
    const answer = (type, body) => response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
    if (path === '/') return answer('text/html', PAGE);
    if (path === '/hls.js') return answer('text/javascript', player);
    const file = path.replace(/^\/live\//, '').split('/').map((part) => basename(part)).join('/');
    try {
      return answer(TYPES[/\.\w+$/.exec(file)?.[0]] ?? 'application/octet-stream', await readFile(join(folder, file)));
    } catch {
      return response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** Runs in the page: the next picture's size, the levels, and what went wrong. */
const lookAtVideo = () => new Promise((resolve) => {
  const video = document.getElementById('video');
  const tell = () => resolve({
    width: video.videoWidth,
    height: video.videoHeight,
    at: video.currentTime,
    heard: video.webkitAudioDecodedByteCount,
    corrupted: video.getVideoPlaybackQuality().corruptedVideoFrames,
    levels: hls.levels.map(({ width, height, bitrate, codecs, videoCodec, audioCodec }) => ({ width, height, bitrate, codecs, videoCodec, audioCodec })),
    trouble,
  });
  video.requestVideoFrameCallback(tell);
});

const folder = await mkdtemp(join(tmpdir(), 'ts-ladder-'));
await writeFile(join(folder, 'show.json'), JSON.stringify(SHOW));
const program = spawn(process.argv[2], ['compose', 'run', 'show.json', '--out', 'hls:live@main,low', '--control', 'control.sock'],
  { cwd: folder, stdio: ['ignore', 'inherit', 'pipe'], env: { PATH: process.env.PATH, HOME: folder } });
let said = '';
program.stderr.on('data', (chunk) => { said += chunk; });
const ended = new Promise((resolve) => program.on('exit', resolve));
const server = await serve(join(folder, 'live'));
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
});
try {
  await eventually('a segment of each step', async () => {
    const files = await Promise.all(['index.m3u8', 'low/index.m3u8'].map((name) => readFile(join(folder, 'live', name), 'utf8').catch(() => '')));
    return files.every((text) => text.startsWith('#EXTM3U')) && (files[1].match(/#EXTINF/g) ?? []).length >= 2;
  }, 60000);
  const page = await browser.newPage({ viewport: { width: 800, height: 480 } });
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(server.url);
  let last = await page.evaluate(lookAtVideo);
  assert.deepEqual(last.levels.map(({ width, height }) => [width, height]).sort((a, b) => a[0] - b[0]), [[320, 180], [640, 360]]);
  assert.ok(last.levels.every(({ bitrate, videoCodec, audioCodec }) => bitrate > 0 && /^avc1/.test(videoCodec) && /^mp4a/.test(audioCodec)));
  for (const width of [320, 640, 320]) {
    await page.evaluate((wanted) => { hls.nextLevel = hls.levels.findIndex((level) => level.width === wanted); }, width);
    const before = last.at;
    await eventually(`pictures ${width} wide`, async () => {
      last = await page.evaluate(lookAtVideo);
      return last.width === width && last.height === width * 9 / 16 && last.at > before;
    }, 60000);
  }
  if (process.argv[3]) await page.screenshot({ path: process.argv[3] });
  assert.equal(last.corrupted, 0);
  assert.ok(last.heard > 0, 'no sound was decoded');
  assert.deepEqual(last.trouble, []);
  assert.deepEqual(complaints, []);
} catch (error) {
  process.stderr.write(said);
  throw error;
} finally {
  await browser.close();
  server.close();
  program.kill('SIGTERM');
  const code = await ended;
  await rm(folder, { recursive: true, force: true });
  assert.equal(code, 143, said);
}
console.log('ok');
