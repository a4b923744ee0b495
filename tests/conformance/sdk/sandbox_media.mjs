// SPDX-License-Identifier: Apache-2.0
// Real media through the sandbox, started and watched by both SDKs: ffmpeg -> RTMP ingress -> room ->
// track-composite egress -> mux:// -> HLS -> recording.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, publish, receiveWebhooks, sdk, withSandbox } from './harness.mjs';

const run = promisify(execFile);
const { DirectFileOutput, EgressClient, EgressStatus, EncodedFileOutput, ImageOutput, SegmentedFileOutput, IngressClient, IngressInput, RoomServiceClient, StreamOutput, StreamProtocol, TrackType } =
  await sdk('livekit-server-sdk');
const { default: Mux } = await sdk('@mux/mux-node');

const hooks = await receiveWebhooks();
await withSandbox(process.argv[2], ['--webhook-url', hooks.url], async ({ dir, settings, http, status }) => {
  const { LIVEKIT_URL: url, LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = settings;
  const rooms = new RoomServiceClient(url, key, secret);
  const ingress = new IngressClient(url, key, secret);
  const egress = new EgressClient(url, key, secret);
  const mux = new Mux({ tokenId: settings.MUX_TOKEN_ID, tokenSecret: settings.MUX_TOKEN_SECRET, baseURL: http, maxRetries: 0 });
  const live = await mux.video.liveStreams.create({
    playback_policies: ['public'], new_asset_settings: { playback_policies: ['public'] }, reconnect_window: 2,
  });
  const playlist = `${settings.MUX_STREAM_BASE_URL}/${live.playback_ids[0].id}.m3u8`;
  const camera = await ingress.createIngress(IngressInput.RTMP_INPUT, {
    name: 'cam', roomName: 'stage', participantIdentity: 'cam-1', participantName: 'Camera 1',
  });

  // Keys that open nothing are refused.
  const stranger = publish(`${camera.url}/wrong-key`, 5);
  assert.notEqual((await stranger.ended).code, 0);

  // The camera publishes: a participant with two tracks.
  const publisher = publish(`${camera.url}/${camera.streamKey}`);
  const person = await eventually('a participant with two tracks', async () => {
    const list = await rooms.listParticipants('stage');
    return list.find((one) => one.identity === 'cam-1' && one.tracks.length === 2);
  });
  const video = person.tracks.find((one) => one.type === TrackType.VIDEO);
  const audio = person.tracks.find((one) => one.type === TrackType.AUDIO);
  assert.equal(video.mimeType, 'video/H264');
  assert.equal(video.width, 320);
  assert.equal(video.height, 180);
  assert.equal(audio.mimeType, 'audio/aac');
  assert.equal(person.kind, 1);
  assert.equal(person.name, 'Camera 1');
  assert.equal((await rooms.listRooms(['stage']))[0].numPublishers, 1);
  assert.equal((await ingress.listIngress({ ingressId: camera.ingressId }))[0].state.status, 2);

  // A second publisher with the same key is refused; the first stays.
  const second = publish(`${camera.url}/${camera.streamKey}`, 5);
  assert.notEqual((await second.ended).code, 0);

  // Egress to Mux by its shorthand.
  const started = await egress.startTrackCompositeEgress(
    'stage', new StreamOutput({ protocol: StreamProtocol.RTMP, urls: [`mux://${live.stream_key}`] }),
    { videoTrackId: video.sid, audioTrackId: audio.sid });
  assert.equal(started.status, EgressStatus.EGRESS_STARTING);
  await eventually('an active egress whose stream is accepted', async () => {
    const [one] = await egress.listEgress({ egressId: started.egressId });
    return one.status === EgressStatus.EGRESS_ACTIVE && one.streamResults[0].startedAt > 0n;
  });
  await eventually('the live stream active', async () => (await mux.video.liveStreams.retrieve(live.id)).status === 'active');
  const master = await fetch(playlist);
  assert.equal(master.status, 200);
  assert.equal(master.headers.get('access-control-allow-origin'), '*');
  assert.match(await master.text(), /RESOLUTION=320x180/);
  const probe = await promisify(execFile)('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', playlist]);
  assert.match(probe.stdout, /h264/);
  assert.match(probe.stdout, /aac/);

  // Pictures of it, and who watches.
  const size = async (url) => {
    const file = join(dir, `picture-${url.split('/').pop().split('?')[0]}`);
    const answer = await fetch(url);
    assert.equal(answer.status, 200, `${url}: ${answer.status}`);
    await writeFile(file, Buffer.from(await answer.arrayBuffer()));
    const shown = await run('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,width,height,nb_read_frames', '-of', 'csv=p=0', file]);
    return shown.stdout.trim();
  };
  const images = `${settings.MUX_IMAGE_BASE_URL}/${live.playback_ids[0].id}`;
  assert.equal(await size(`${images}/thumbnail.png`), 'png,320,180,1');
  assert.equal(await size(`${images}/thumbnail.jpg?width=160&time=1`), 'mjpeg,160,90,1');
  assert.equal(await size(`${images}/thumbnail.jpg?width=100&height=100&fit_mode=crop&rotate=90`), 'mjpeg,100,100,1');
  assert.match(await size(`${images}/animated.gif?start=0&end=2&fps=10&width=80`), /^gif,80,4\d,(20|21)$/);
  assert.match(await size(`${images}/storyboard.jpg`), /^mjpeg,1280,\d+,1$/);
  assert.match(await (await fetch(`${images}/storyboard.vtt`)).text(), /^WEBVTT\n\n00:00:00.000 --> .*\n.*#xywh=0,0,256,144/);
  assert.equal((await fetch(`${images}/thumbnail.jpg?width=1`)).status, 400);
  assert.equal((await fetch(`${images}/thumbnail.bmp`)).status, 404);
  const signed = await mux.video.liveStreams.createPlaybackId(live.id, { policy: 'signed' });
  const closed = `${settings.MUX_IMAGE_BASE_URL}/${signed.id}/thumbnail.png`;
  const keys = { keyId: settings.MUX_SIGNING_KEY, keySecret: settings.MUX_PRIVATE_KEY, expiration: '1h' };
  assert.equal((await fetch(closed)).status, 403);
  assert.equal((await fetch(`${closed}?token=${await mux.jwt.signPlaybackId(signed.id, { ...keys, type: 'video' })}`)).status, 403);
  assert.equal(await size(`${closed}?width=9&token=${await mux.jwt.signPlaybackId(signed.id, { ...keys, type: 'thumbnail', params: { width: '64' } })}`), 'png,64,36,1');
  const page = `${settings.MUX_STREAM_BASE_URL}/${signed.id}.m3u8`;
  const rule = await mux.video.playbackRestrictions.create({
    referrer: { allowed_domains: ['*.example.org'], allow_no_referrer: false },
    user_agent: { allow_no_user_agent: false, allow_high_risk_user_agent: true },
  });
  const bound = await mux.jwt.signPlaybackId(signed.id, { ...keys, type: 'video', params: { playback_restriction_id: rule.id } });
  assert.equal((await fetch(`${page}?token=${bound}`)).status, 403);
  assert.equal((await fetch(`${page}?token=${bound}`, { headers: { referer: 'https://www.example.org/' } })).status, 200);
  const ask = async (...args) => JSON.parse((await run(process.argv[2], ['--env-file', `${dir}/env`, '--json', ...args], { env: { PATH: process.env.PATH, HOME: dir } })).stdout);
  const before = await ask('mux', 'viewers', live.playback_ids[0].id);
  const seen = await (await fetch(playlist)).text();
  const media = new URL(seen.trim().split('\n').pop(), playlist);
  assert.equal((await fetch(media)).status, 200);
  const after = await ask('mux', 'viewers', live.playback_ids[0].id);
  assert.equal(after.views, before.views + 1);
  assert.ok(after.viewers >= 1);
  const health = await ask('mux', 'health', live.id);
  assert.match(health.health, /^(excellent|good|poor)$/);
  assert.ok(health.drift_average_ms >= 0);

  // To a file and to segments on this machine, of the participant and of one track.
  const toFile = await egress.startParticipantEgress('stage', 'cam-1', {
    file: new EncodedFileOutput({ filepath: 'shows/{publisher_identity}' }), segments: new SegmentedFileOutput({ filenamePrefix: 'hls/{room_name}' }),
    images: new ImageOutput({ filenamePrefix: 'stills/{room_name}', captureInterval: 1 }),
  });
  const oneTrack = await egress.startTrackEgress('stage', new DirectFileOutput({ filepath: '../../{track_id}.mp4' }), video.sid);
  const composite = await egress.startRoomCompositeEgress('stage', new EncodedFileOutput({ filepath: 'sound.mp4' }), { layout: 'grid', audioOnly: true });
  await eventually('three egresses that write', async () => {
    const all = await egress.listEgress({ active: true });
    return all.filter((one) => [toFile, oneTrack, composite].some((mine) => mine.egressId === one.egressId) && one.status === EgressStatus.EGRESS_ACTIVE
      && one.fileResults.every((file) => file.startedAt > 0n)).length === 3;
  });
  const sequence = async () => Number(/MEDIA-SEQUENCE:(\d+)/.exec(await (await fetch(media)).text())[1]);
  const first = await sequence();
  await eventually('two more segments', async () => await sequence() >= first + 2);
  for (const one of [toFile, oneTrack, composite]) await egress.stopEgress(one.egressId);
  const written = await eventually('whole files', async () => {
    const all = await egress.listEgress({ roomName: 'stage' });
    const mine = [toFile, oneTrack, composite].map((one) => all.find((other) => other.egressId === one.egressId));
    return mine.every((one) => one.status === EgressStatus.EGRESS_COMPLETE) && mine;
  });
  const kinds = async (file) => (await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', file])).stdout.split('\n').filter((name, at, all) => name && all.indexOf(name) === at).sort();
  assert.equal(written[0].fileResults[0].filename, 'shows/cam-1.mp4');
  assert.ok(written[0].fileResults[0].size > 10_000n);
  assert.deepEqual(await kinds(written[0].fileResults[0].location), ['aac', 'h264']);
  assert.ok(written[0].segmentResults[0].segmentCount >= 1n);
  assert.deepEqual(await kinds(written[0].segmentResults[0].playlistLocation), ['aac', 'h264']);
  assert.equal(written[0].imageResults[0].filenamePrefix, 'stills/stage');
  assert.ok(written[0].imageResults[0].imageCount >= 2n);
  const still = written[0].segmentResults[0].playlistLocation.replace(/hls\/.*/, 'stills/stage_00001.jpeg');
  assert.equal((await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0', still])).stdout.trim(), 'mjpeg,320,180');
  assert.ok(written[1].fileResults[0].location.startsWith(dir), written[1].fileResults[0].location);
  assert.deepEqual(await kinds(written[1].fileResults[0].location), ['h264']);
  assert.deepEqual(await kinds(written[2].fileResults[0].location), ['aac']);

  // An output that cannot be reached fails alone; as the only one it fails its egress.
  const dead = await egress.startTrackCompositeEgress(
    'stage', new StreamOutput({ protocol: StreamProtocol.RTMP, urls: ['rtmp://127.0.0.1:1/live/unreachable-key'] }), { videoTrackId: video.sid });
  const failed = await eventually('a failed egress', async () => {
    const [one] = await egress.listEgress({ egressId: dead.egressId });
    return one.status === EgressStatus.EGRESS_FAILED && one;
  });
  assert.equal(failed.errorCode, 503);
  assert.ok(failed.error.length > 0);
  assert.equal(failed.streamResults[0].status, 2);
  assert.equal(failed.streamResults[0].startedAt, 0n);
  assert.ok(!JSON.stringify(failed.toJson()).includes('unreachable-key'), 'a stream key is in the answer');
  const away = await egress.startTrackCompositeEgress(
    'stage', new StreamOutput({ protocol: StreamProtocol.RTMP, urls: ['rtmp://192.0.2.1/live/some-key-here'] }), { videoTrackId: video.sid });
  const kept = await eventually('a refused far target', async () => {
    const [one] = await egress.listEgress({ egressId: away.egressId });
    return one.status === EgressStatus.EGRESS_FAILED && one;
  });
  assert.match(kept.error, /this machine only/);

  // Stop: ENDING, then COMPLETE; the live stream goes idle after its reconnect window.
  const stopping = await egress.stopEgress(started.egressId);
  assert.equal(stopping.status, EgressStatus.EGRESS_ENDING);
  const done = await eventually('a complete egress', async () => {
    const [one] = await egress.listEgress({ egressId: started.egressId });
    return one.status === EgressStatus.EGRESS_COMPLETE && one;
  });
  assert.equal(done.details, 'End reason: StopEgress API');
  assert.equal(done.streamResults[0].status, 1);
  assert.ok(done.streamResults[0].duration > 0n);
  await hooks.next((event) => event.type === 'video.live_stream.idle');
  assert.equal((await mux.video.liveStreams.retrieve(live.id)).status, 'idle');
  await hooks.next((event) => event.type === 'video.asset.live_stream_completed');
  const [asset] = (await mux.video.assets.list({ live_stream_id: live.id })).data;
  assert.equal(asset.status, 'ready');
  assert.equal(asset.is_live, false);
  const vod = `${settings.MUX_STREAM_BASE_URL}/${asset.playback_ids[0].id}.m3u8`;
  const duration = await promisify(execFile)('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', vod]);
  assert.ok(Math.abs(Number(duration.stdout) - asset.duration) < 0.5, `${duration.stdout} against ${asset.duration}`);

  // Whole files of the recording: what ts fetches is as long as the asset, and whole.
  for (const [rendition, codecs] of [['highest', ['aac', 'h264']], ['audio-only', ['aac']], ['master', ['aac', 'h264']]]) {
    const file = join(dir, `${rendition}.mp4`);
    await ask('mux', 'asset', 'download', asset.id, '--rendition', rendition, '--to', file);
    assert.deepEqual(await kinds(file), codecs);
    const length = await run('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', file]);
    assert.ok(Math.abs(Number(length.stdout) - asset.duration) < 0.5, `${rendition}: ${length.stdout} against ${asset.duration}`);
  }
  const skipped = await mux.video.assets.createStaticRendition(asset.id, { resolution: '480p' });
  assert.equal(skipped.status, 'skipped');
  await hooks.next((event) => event.type === 'video.asset.static_rendition.ready');

  // An asset of a file and one of a playlist, both on this machine; what cannot be used says why.
  const files = createServer(async (request, response) => {
    const bytes = await readFile(join(dir, request.url.slice(1))).catch(() => null);
    response.writeHead(bytes ? 200 : 404, { 'content-length': bytes?.length ?? 0 });
    response.end(bytes);
  });
  await new Promise((resolve) => files.listen(0, '127.0.0.1', resolve));
  const served = (name) => `http://127.0.0.1:${files.address().port}/${name}`;
  for (const input of [served('master.mp4'), vod]) {
    const made = await mux.video.assets.create({ inputs: [{ url: input }], playback_policies: ['public'], passthrough: 'again' });
    assert.equal(made.status, 'preparing');
    await hooks.next((event) => event.type === 'video.asset.created' && event.object.id === made.id);
    await hooks.next((event) => event.type === 'video.asset.ready' && event.object.id === made.id);
    const now = await mux.video.assets.retrieve(made.id);
    assert.equal(now.status, 'ready');
    assert.ok(Math.abs(now.duration - asset.duration) < 0.5, `${input}: ${now.duration} against ${asset.duration}`);
    assert.deepEqual(now.tracks.map((track) => track.type).sort(), ['audio', 'video']);
    const copy = `${settings.MUX_STREAM_BASE_URL}/${now.playback_ids[0].id}.m3u8`;
    const shown = await run('ffprobe', ['-v', 'error', '-show_entries', 'format=duration:stream=codec_name', '-of', 'csv=p=0', copy]);
    assert.match(shown.stdout, /h264[^]*aac|aac[^]*h264/);
  }
  await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=320x180:d=1', '-c:v', 'mpeg4', join(dir, 'old.mp4')]);
  for (const [input, type, why] of [[served('none.mp4'), 'download_failed', /cannot be fetched/], [served('old.mp4'), 'invalid_input', /mpeg4/],
    ['http://192.0.2.1/a.mp4', 'invalid_input', /another machine/]]) {
    const made = await mux.video.assets.create({ inputs: [{ url: input }] });
    await hooks.next((event) => event.type === 'video.asset.errored' && event.object.id === made.id);
    const { errors } = await mux.video.assets.retrieve(made.id);
    assert.equal(errors.type, type);
    assert.match(errors.messages[0], why);
  }
  await new Promise((resolve) => files.close(resolve));

  // The camera leaves: tracks, participant, ingress.
  const ended = await publisher.stop();
  assert.ok(ended.code !== null || ended.signal !== null);
  const gone = await hooks.next((event) => event.event === 'ingress_ended');
  assert.equal(gone.json.ingressInfo.ingressId, camera.ingressId);
  assert.deepEqual(await rooms.listParticipants('stage'), []);
  // Queues of other objects do not wait for this one: what came may still be on its way.
  const inRoom = await eventually('all that was told of the camera', async () => {
    const told = hooks.seen.map((one) => one.json).filter((event) => event.event && event.room && event.participant?.identity?.startsWith('cam'));
    return told.some((event) => event.event === 'participant_left') && told;
  });
  assert.deepEqual(inRoom.map((event) => event.event), [
    'participant_joined', 'track_published', 'track_published', 'track_unpublished', 'track_unpublished', 'participant_left']);
  const muxEvents = hooks.seen.map((one) => one.json).filter((event) => event.type && event.data?.ingest_type !== 'on_demand_url').map((event) => event.type.slice('video.'.length));
  assert.deepEqual(muxEvents.filter((type) => !/^asset\.(ready|errored|static_rendition|master)/.test(type)), [
    'live_stream.created', 'live_stream.connected', 'asset.created', 'live_stream.recording', 'live_stream.active',
    'live_stream.disconnected', 'live_stream.idle', 'asset.live_stream_completed']);
  const children = (await status()).children;
  assert.deepEqual(children, { recordings: 0, relays: 0, composites: 0 });
});
await hooks.close();
console.log('ok');
