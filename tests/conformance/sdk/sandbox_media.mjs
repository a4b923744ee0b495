// SPDX-License-Identifier: Apache-2.0
// Real media through the sandbox, started and watched by both SDKs: ffmpeg -> RTMP ingress -> room ->
// track-composite egress -> mux:// -> HLS -> recording.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually, publish, receiveWebhooks, sdk, withSandbox } from './harness.mjs';

const { EgressClient, EgressStatus, IngressClient, IngressInput, RoomServiceClient, StreamOutput, StreamProtocol, TrackType } =
  await sdk('livekit-server-sdk');
const { default: Mux } = await sdk('@mux/mux-node');

const hooks = await receiveWebhooks();
await withSandbox(process.argv[2], ['--webhook-url', hooks.url], async ({ settings, http, status }) => {
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
  await eventually('the live stream active', async () => (await mux.video.liveStreams.retrieve(live.id)).status === 'active', 30000);
  const master = await fetch(playlist);
  assert.equal(master.status, 200);
  assert.equal(master.headers.get('access-control-allow-origin'), '*');
  assert.match(await master.text(), /RESOLUTION=320x180/);
  const probe = await promisify(execFile)('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', playlist]);
  assert.match(probe.stdout, /h264/);
  assert.match(probe.stdout, /aac/);

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

  // The camera leaves: tracks, participant, ingress.
  const ended = await publisher.stop();
  assert.ok(ended.code !== null || ended.signal !== null);
  const gone = await hooks.next((event) => event.event === 'ingress_ended');
  assert.equal(gone.json.ingressInfo.ingressId, camera.ingressId);
  assert.deepEqual(await rooms.listParticipants('stage'), []);
  const inRoom = hooks.seen.map((one) => one.json).filter((event) => event.event && event.room && event.participant?.identity?.startsWith('cam'));
  assert.deepEqual(inRoom.map((event) => event.event), [
    'participant_joined', 'track_published', 'track_published', 'track_unpublished', 'track_unpublished', 'participant_left']);
  const muxEvents = hooks.seen.map((one) => one.json).filter((event) => event.type).map((event) => event.type.slice('video.'.length));
  assert.deepEqual(muxEvents.filter((type) => !type.startsWith('asset.ready')), [
    'live_stream.created', 'live_stream.connected', 'asset.created', 'live_stream.recording', 'live_stream.active',
    'live_stream.disconnected', 'live_stream.idle', 'asset.live_stream_completed']);
  const children = (await status()).children;
  assert.deepEqual(children, { recordings: 0, relays: 0 });
});
await hooks.close();
console.log('ok');
