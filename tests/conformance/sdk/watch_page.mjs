// SPDX-License-Identifier: Apache-2.0
// The watch page in a real browser: Chromium plays the live stream through hls.js, and the numbers in the
// pictures it shows are read back from its canvas. A second argument names a file for a screenshot.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { draw, read } from './frame_code.mjs';
import { eventually, sdk, withSandbox } from './harness.mjs';

const { default: Mux } = await sdk('@mux/mux-node');
const { chromium } = (await sdk('playwright-core')).default;
const WIDTH = 640;
const HEIGHT = 360;

/** Publishes numbered pictures and a tone, in real time, until stopped. */
function publishNumbered(url) {
  const child = spawn('ffmpeg', [
    '-hide_banner', '-loglevel', 'error', '-re', '-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${WIDTH}x${HEIGHT}`, '-r', '30',
    '-i', 'pipe:0', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-c:v', 'libx264', '-preset', 'ultrafast',
    '-tune', 'zerolatency', '-g', '30', '-crf', '18', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ac', '2', '-f', 'flv', url],
  { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  let next = 0;
  let open = true;
  child.stdin.on('error', () => { open = false; });
  const feed = () => {
    while (open) {
      if (!child.stdin.write(draw(next++, WIDTH, HEIGHT))) {
        child.stdin.once('drain', feed);
        return;
      }
    }
  };
  feed();
  return async () => {
    open = false;
    child.kill('SIGINT');
    return ended;
  };
}

/** Runs in the page: the next picture the video shows (its top rows as gray levels) and how playing goes. */
const lookAtVideo = () => new Promise((resolve) => {
  const video = document.getElementById('video');
  video.requestVideoFrameCallback(() => {
    const canvas = new OffscreenCanvas(video.videoWidth, 8);
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, 8);
    const quality = video.getVideoPlaybackQuality();
    resolve({
      gray: Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 1]),
      width: video.videoWidth,
      height: video.videoHeight,
      shown: quality.totalVideoFrames,
      corrupted: quality.corruptedVideoFrames,
      heard: video.webkitAudioDecodedByteCount,
      state: document.getElementById('state').textContent,
    });
  });
});

await withSandbox(process.argv[2], [], async ({ settings, http }) => {
  const mux = new Mux({ tokenId: settings.MUX_TOKEN_ID, tokenSecret: settings.MUX_TOKEN_SECRET, baseURL: http, maxRetries: 0 });
  const live = await mux.video.liveStreams.create({ playback_policies: ['public'], reconnect_window: 2, latency_mode: 'low' });
  const watch = `${settings.MUX_STREAM_BASE_URL}/watch/${live.playback_ids[0].id}`;
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 800, height: 640 } });
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));

    // Before anyone publishes, the page says so and waits.
    await page.goto(watch);
    await page.getByText('not live yet').waitFor({ timeout: 15000 });

    const stop = publishNumbered(`${settings.MUX_INGEST_URL}/${live.stream_key}`);
    await page.getByText('playing').waitFor({ timeout: 30000 });
    const numbers = [];
    let last;
    await eventually('twenty pictures with readable numbers', async () => {
      last = await page.evaluate(lookAtVideo);
      const number = read(last.gray, last.width);
      if (number !== null && number !== numbers.at(-1)) numbers.push(number);
      return numbers.length >= 20;
    }, 30000);
    assert.deepEqual([last.width, last.height], [WIDTH, HEIGHT]);
    assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b), 'pictures came out of order');
    assert.equal(last.corrupted, 0);
    assert.ok(last.heard > 0, 'no sound was decoded');
    assert.equal(last.state, 'playing');
    if (process.argv[3]) await page.screenshot({ path: process.argv[3] });
    await stop();
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
  }
});
console.log('ok');
