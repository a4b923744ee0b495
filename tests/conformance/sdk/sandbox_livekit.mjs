// SPDX-License-Identifier: Apache-2.0
// livekit-server-sdk drives every room, ingress and egress call of the sandbox that needs no media.
import assert from 'node:assert/strict';
import { receiveWebhooks, sdk, withSandbox } from './harness.mjs';

const {
  AccessToken, EgressClient, EgressStatus, IngressClient, IngressInput, RoomServiceClient,
  StreamOutput, StreamProtocol, WebhookReceiver, DataPacket_Kind, EncodedFileOutput, S3Upload,
} = await sdk('livekit-server-sdk');

const refused = (status, code, text) => (error) => {
  assert.equal(error.status, status, error.message);
  if (code) assert.equal(error.code, code);
  if (text) assert.match(error.message, text);
  return true;
};

const hooks = await receiveWebhooks();
await withSandbox(process.argv[2], ['--webhook-url', hooks.url], async ({ settings, http }) => {
  const { LIVEKIT_URL: url, LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = settings;
  const rooms = new RoomServiceClient(url, key, secret);
  const ingress = new IngressClient(url, key, secret);
  const egress = new EgressClient(url, key, secret);
  const receiver = new WebhookReceiver(key, secret);

  // Rooms.
  const room = await rooms.createRoom({ name: 'stage', emptyTimeout: 600, maxParticipants: 7, metadata: 'm1' });
  assert.match(room.sid, /^RM_[A-Za-z0-9]{12}$/);
  assert.equal(room.name, 'stage');
  assert.equal(room.emptyTimeout, 600);
  assert.equal(room.departureTimeout, 20);
  assert.equal(room.maxParticipants, 7);
  assert.equal(room.metadata, 'm1');
  assert.ok(Math.abs(Number(room.creationTime) - Date.now() / 1000) < 60);
  const again = await rooms.createRoom({ name: 'stage', metadata: 'm2' });
  assert.equal(again.sid, room.sid);
  assert.equal(again.emptyTimeout, 600);
  // A room that is there stays as it is.
  assert.equal(again.metadata, 'm1');
  await rooms.createRoom({ name: 'other' });
  assert.deepEqual((await rooms.listRooms()).map((one) => one.name).sort(), ['other', 'stage']);
  assert.deepEqual((await rooms.listRooms(['stage', 'none'])).map((one) => one.name), ['stage']);
  assert.equal((await rooms.updateRoomMetadata('stage', 'm3')).metadata, 'm3');
  assert.deepEqual(await rooms.listParticipants('stage'), []);
  await assert.rejects(rooms.getParticipant('stage', 'nobody'), refused(404, 'not_found', /participant does not exist/));
  await assert.rejects(rooms.removeParticipant('stage', 'nobody'), refused(404, 'not_found'));
  await assert.rejects(rooms.updateParticipant('stage', 'nobody', { name: 'x' }), refused(404, 'not_found'));
  await assert.rejects(rooms.updateRoomMetadata('none', 'x'), refused(404, 'not_found', /requested room does not exist/));
  await assert.rejects(rooms.mutePublishedTrack('stage', 'nobody', 'TR_x', true), refused(503, 'unavailable'));
  await assert.rejects(rooms.updateSubscriptions('stage', 'nobody', ['TR_x'], true), refused(503, 'unavailable'));
  await rooms.sendData('stage', new TextEncoder().encode('hello'), DataPacket_Kind.RELIABLE, { topic: 't' });
  await assert.rejects(rooms.createRoom({ name: 'x'.repeat(257) }), refused(400, 'invalid_argument', /exceeds limits/));
  await rooms.deleteRoom('other');
  await assert.rejects(rooms.deleteRoom('other'), refused(404, 'not_found'));

  // Ingress.
  const made = await ingress.createIngress(IngressInput.RTMP_INPUT, {
    name: 'cam', roomName: 'stage', participantIdentity: 'cam-1', participantName: 'Camera 1',
  });
  assert.match(made.ingressId, /^IN_/);
  assert.match(made.url, /^rtmp:\/\/127\.0\.0\.1:\d+\/live$/);
  assert.ok(made.streamKey.length >= 12);
  assert.equal(made.reusable, true);
  assert.equal(made.enableTranscoding, true);
  assert.equal(made.state.status, 0);
  assert.equal((await ingress.listIngress({ roomName: 'stage' })).length, 1);
  assert.equal((await ingress.listIngress({ roomName: 'none' })).length, 0);
  assert.equal((await ingress.listIngress({ ingressId: made.ingressId }))[0].name, 'cam');
  const updated = await ingress.updateIngress(made.ingressId, { name: 'cam-b', participantName: 'B' });
  assert.equal(updated.name, 'cam-b');
  assert.equal(updated.streamKey, made.streamKey);
  await assert.rejects(ingress.listIngress({ ingressId: 'IN_none' }), refused(404, 'not_found', /ingress does not exist/));
  await assert.rejects(
    ingress.createIngress(IngressInput.WHIP_INPUT, { roomName: 'stage', participantIdentity: 'w' }),
    refused(503, 'unavailable', /no response from servers/));
  await assert.rejects(
    ingress.createIngress(IngressInput.URL_INPUT, { url: 'ftp://x/y', roomName: 'stage', participantIdentity: 'u' }),
    refused(400, 'invalid_argument', /invalid url scheme/));
  await assert.rejects(
    ingress.createIngress(IngressInput.RTMP_INPUT, { roomName: 'stage', participantIdentity: 'n', enableTranscoding: false }),
    refused(400, 'invalid_argument', /bypassing transcoding/));

  // Egress: what is refused, and what waits for its tracks.
  const target = () => new StreamOutput({ protocol: StreamProtocol.RTMP, urls: ['mux://abcdefghijkl'] });
  await assert.rejects(egress.startTrackCompositeEgress('none', target(), { videoTrackId: 'TR_x' }),
    refused(404, 'not_found', /requested room does not exist/));
  await assert.rejects(egress.startTrackCompositeEgress('stage', target(), {}),
    refused(400, 'invalid_argument', /audio_track_id or video_track_id/));
  await assert.rejects(egress.startWebEgress('https://example.org', target()), refused(503, 'unavailable', /no response from servers/));
  await assert.rejects(
    egress.startTrackCompositeEgress('stage', new EncodedFileOutput({
      filepath: 'x.mp4', output: { case: 's3', value: new S3Upload({ accessKey: 'k', secret: 's', bucket: 'b' }) },
    }), { videoTrackId: 'TR_x' }),
    refused(503, 'unavailable'));
  await assert.rejects(
    egress.startTrackCompositeEgress('stage', new StreamOutput({ protocol: StreamProtocol.RTMP, urls: ['https://x/y'] }), { videoTrackId: 'TR_x' }),
    refused(400, 'invalid_argument', /invalid scheme/));
  const waiting = await egress.startTrackCompositeEgress('stage', target(), { videoTrackId: 'TR_x', audioTrackId: 'TR_y' });
  assert.match(waiting.egressId, /^EG_/);
  assert.equal(waiting.status, EgressStatus.EGRESS_STARTING);
  assert.equal(waiting.roomName, 'stage');
  assert.equal(waiting.roomId, room.sid);
  assert.equal(waiting.request.case, 'trackComposite');
  assert.equal(waiting.request.value.videoTrackId, 'TR_x');
  assert.equal(waiting.streamResults[0].url, 'rtmps://global-live.mux.com:443/app/{abc...jkl}');
  assert.ok(!JSON.stringify(waiting.toJson()).includes('abcdefghijkl'), 'a stream key is in the answer');
  const people = await rooms.listParticipants('stage');
  assert.equal(people.length, 1);
  assert.equal(people[0].identity, waiting.egressId);
  assert.equal((await rooms.listRooms(['stage']))[0].activeRecording, true);
  assert.equal((await rooms.listRooms(['stage']))[0].numParticipants, 0);
  const layout = await egress.updateLayout(waiting.egressId, 'speaker');
  assert.equal(layout.egressId, waiting.egressId);
  assert.equal((await rooms.getParticipant('stage', waiting.egressId)).metadata, '{"layout":"speaker"}');
  const more = await egress.updateStream(waiting.egressId, ['rtmp://127.0.0.1:1/live/second-key'], []);
  assert.equal(more.streamResults.length, 2);
  await assert.rejects(egress.updateStream(waiting.egressId, [], ['rtmp://127.0.0.1:1/live/other']),
    refused(404, 'not_found', /not found/));
  assert.deepEqual((await egress.listEgress({ roomName: 'stage', active: true })).map((one) => one.egressId), [waiting.egressId]);
  const stopped = await egress.stopEgress(waiting.egressId);
  assert.equal(stopped.status, EgressStatus.EGRESS_ABORTED);
  assert.equal(stopped.error, 'Stop called before pipeline could start');
  assert.equal(stopped.errorCode, 412);
  await assert.rejects(egress.stopEgress(waiting.egressId), refused(412, 'failed_precondition', /EGRESS_ABORTED cannot be stopped/));
  await assert.rejects(egress.stopEgress('EG_none'), refused(404, 'not_found', /egress does not exist/));
  assert.deepEqual(await egress.listEgress({ active: true }), []);
  assert.equal((await egress.listEgress({ egressId: waiting.egressId }))[0].status, EgressStatus.EGRESS_ABORTED);

  // Tokens and grants, as the server answers them.
  const stranger = new RoomServiceClient(url, key, 'x'.repeat(32));
  await assert.rejects(stranger.listRooms(), refused(401));
  const unknown = new RoomServiceClient(url, 'APInone', secret);
  await assert.rejects(unknown.listRooms(), (error) => error.status === 401 && /invalid API key/.test(error.message));
  const call = (path, headers, body = '{}') =>
    fetch(`${http}/twirp/livekit.${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  const none = await call('RoomService/ListRooms', {});
  assert.equal(none.status, 401);
  assert.deepEqual(await none.json(), { code: 'unauthenticated', msg: 'permissions denied' });
  const scheme = await call('RoomService/ListRooms', { authorization: 'bearer x' });
  assert.equal(scheme.status, 401);
  assert.equal(await scheme.text(), 'invalid authorization header. Must start with Bearer ');
  const viewer = new AccessToken(key, secret, { identity: 'v' });
  viewer.addGrant({ roomJoin: true, room: 'stage' });
  const poor = await call('Egress/ListEgress', { authorization: `Bearer ${await viewer.toJwt()}` });
  assert.equal(poor.status, 401);
  assert.equal((await poor.json()).msg, 'permissions denied');
  const admin = new AccessToken(key, secret);
  admin.addGrant({ roomAdmin: true, room: 'other', roomList: true });
  const bearer = { authorization: `Bearer ${await admin.toJwt()}` };
  assert.equal((await call('RoomService/ListParticipants', bearer, '{"room":"stage"}')).status, 401);
  const bad = await call('RoomService/Nothing', bearer);
  assert.equal(bad.status, 404);
  assert.equal((await bad.json()).code, 'bad_route');
  const malformed = await call('RoomService/ListRooms', bearer, '{"names":7}');
  assert.equal(malformed.status, 400);
  assert.equal((await malformed.json()).code, 'malformed');
  const listed = await (await call('RoomService/ListRooms', bearer, '{"names":["stage"],"unknown":{}}')).json();
  // snake_case with every default written, 64-bit integers as strings.
  assert.equal(listed.rooms[0].max_participants, 7);
  assert.equal(listed.rooms[0].version, null);
  assert.equal(typeof listed.rooms[0].creation_time, 'string');

  await ingress.deleteIngress(made.ingressId);
  await assert.rejects(ingress.deleteIngress(made.ingressId), refused(404, 'not_found'));
  await rooms.deleteRoom('stage');

  // Webhooks: the SDK's receiver accepts each; those of one resource come in order.
  const end = await hooks.next((event) => event.event === 'room_finished' && event.room.name === 'stage');
  await hooks.next((event) => event.event === 'egress_ended');
  for (const one of hooks.seen) {
    assert.equal(one.headers['content-type'], 'application/webhook+json');
    const event = await receiver.receive(one.body, one.headers.authorization);
    assert.ok(event.id.startsWith('EV_'));
  }
  assert.equal(end.json.room.sid, room.sid);
  assert.ok(!('num_participants' in end.json.room));
  const of = (name) => hooks.seen.filter((one) => one.json.event.startsWith(name)).map((one) => one.json);
  assert.deepEqual(of('egress').map((one) => one.event), ['egress_started', 'egress_updated', 'egress_ended']);
  assert.equal(of('egress')[0].egressInfo.status, undefined);
  assert.equal(of('egress')[2].egressInfo.status, 'EGRESS_ABORTED');
  assert.deepEqual(of('room').filter((one) => one.room.name === 'stage').map((one) => one.event), ['room_started', 'room_finished']);
});
await hooks.close();
console.log('ok');
