// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

namespace ts::cli {
namespace {

constexpr std::string_view kExitCodes = R"(Exit codes

  0   done
  2   the command line is wrong; nothing was sent
  3   a setting or credential is missing or malformed; nothing was sent
  4   refused by the service (401, 403)
  5   not found
  6   it exists already, or is in the wrong state
  7   the network or the service failed, after retries
  8   pending
  9   the deadline passed; the message names the last state seen
  10  a check failed (verify, doctor, guard)
  11  partly done; what was left behind is listed
  12  media failed: a source, codec or output
  13  confirmation needed: add --yes
  70  a bug in ts
  130 / 143  ended by Ctrl-C / SIGTERM
  1 is never returned.)";

constexpr std::string_view kEnvironment = R"(Settings

A flag wins over the environment, that over .env (or --env-file F), that over the profile (-P NAME),
that over the default. ts env show prints each value with its origin.

  LIVEKIT_URL  LIVEKIT_API_KEY  LIVEKIT_API_SECRET
  MUX_TOKEN_ID  MUX_TOKEN_SECRET  MUX_WEBHOOK_SECRET  MUX_SIGNING_KEY  MUX_PRIVATE_KEY
  CLOUDFLARE_ACCOUNT_ID  CLOUDFLARE_API_TOKEN  CLOUDFLARE_WEBHOOK_SECRET
      the vendors' credentials; each also as NAME_FILE, the path of a file that holds it
  MUX_BASE_URL  MUX_INGEST_URL  MUX_STREAM_BASE_URL  MUX_IMAGE_BASE_URL  MUX_STATS_BASE_URL
  CLOUDFLARE_BASE_URL
      where the services are; ts sandbox up --write-env F points all of them at this machine
  TS_CA_FILE            a CA trusted in addition to the system's; nothing switches verification off
  TS_DATABASE_URL       sqlite:///ABSOLUTE/PATH
  TS_OPERATOR_TOKEN     guards the operator routes of ts serve
  TS_ALLOW_LOOSE_PERMS  1 accepts secret files that others may read (mounted secrets)
  TS_FAKE_NOW           freezes the wall clock, RFC 3339 (tests)
  TS_LOG_FORMAT         text or json
  TS_MEDIA              path of the ts-media program (tests)
  NO_COLOR              any value switches color off

Secrets are never flag values: use the environment, a --…-file option, or stdin.)";

constexpr std::string_view kShowFile =
    R"(The show file (JSON; unknown keys are refused with a suggestion)

  {
    "schema": "ts.show/1",
    "name": "rehearsal",
    "canvas": {"width": 1280, "height": 720, "fps": 30},
    "sources": {
      "wide":  {"url": "media/wide.mp4", "loop": true, "gain_db": -3},
      "phone": {"room": {"identity": "phone-1"}},
      "bars":  {"test": "bars"}
    },
    "scenes": {
      "opening": {"layout": "full", "slots": ["wide"]},
      "two":     {"layout": "pip", "slots": ["wide", "phone"], "corner": "bottom-right"},
      "all":     {"layout": "grid", "slots": ["wide", "phone", "bars"]},
      "custom":  {"items": [{"source": "wide", "x": 0, "y": 0, "width": 640, "height": 720, "fit": "cover"}]}
    },
    "overlays": {
      "name": {"lower_third": {"title": "Ana Ruiz", "subtitle": "Officiant"}},
      "logo": {"image": "media/logo.png", "x": 1130, "y": 24, "opacity": 0.8, "visible": true}
    },
    "program": "opening",
    "cues": [
      {"at": "5s", "take": "two", "transition": "fade", "duration": "500ms"},
      {"at": "6s", "show": "name"}, {"at": "12s", "hide": "name"}
    ],
    "encode": {"video_bitrate": "2500k", "gop": "2s", "preset": "veryfast", "audio_bitrate": "128k"},
    "outputs": [{"file": "program.mp4"}, {"mux": "LIVE_STREAM_ID"}, {"rtmp_url_file": "key.txt"}, {"hls": "out/"}]
  }

Sources, each exactly one of: "url" (a file, with "loop", "in", "out"; or http, https, rtmp, rtmps, srt,
rtsp), "listen" (a camera calls: "rtmp://0.0.0.0:1935/live/KEY", any number of keys on a port, or
"srt://0.0.0.0:9000"), "device" ("v4l2:/dev/video0", "alsa:hw:0"; with "size", "fps"), "test" (bars, smpte,
moving, gradient; with "tone_hz"), "color", "room". Each may have "gain_db", "muted", "delay", "filter", and
"hot" (true: decoded even while nobody sees it, so that a cut to it never waits).
Outputs, each exactly one of: file, hls (with "segment", "window", "fmp4"), rtmp_url_file, srt_url_file,
mux, whip, room; "name" is what ts compose output calls it.
"renditions": {"low": {"width": 640, "video_bitrate": "800k"}} encodes the program once more for the
outputs that ask for it: {"file": "low.mp4", "rendition": "low"}. {"hls": "out/", "renditions":
["main", "low"]} writes a master playlist, out/index.m3u8. A rendition may have width or height (or
both), video_bitrate, audio_bitrate, preset, profile, encoder; the rest follows from "encode".

"program" is the scene on air first (else the first one); "duration": "2h" ends the show by itself;
"frame_code": true burns a machine-readable frame number in. "encode" may have "profile", "encoder".
Paths are relative to the show file. Layouts: full, side-by-side, pip, grid, screen, or free items
(cut where they reach beyond the canvas).
"canvas" may have "background": "#101820". A layout may have "margin", "border", "border_color" (in
pip and screen: of the small picture, which also has "scale" and "corner"), "fit", and "gap" (in
side-by-side and grid). An item has x, y, width, height, "z" (which is in front), "opacity", "crop"
{"left": 0.1, …}, "border" and "fit". "gains": {"wide": -6} of a scene are added while it is on air.
Fits: cover, contain, stretch. Transitions: cut, fade, ftb, wipe.

A cue does at its time any of: take (with transition, duration), preview, show, hide (names of
overlays), mute, unmute (names of sources), gain {"wide": -6}, black (true or false), stop (true).

Overlays start hidden unless "visible"; they come and go in "fade" (300ms), and "for": "8s" hides one
by itself. Where they are is "x", "y"; "opacity" is theirs, too; an image may have a "width". More
overlays: {"text": "…", "size": 36}, {"clock": "%H:%M"} (or {"format": …, "zone": "utc"}), and
{"countdown": "5m"} from the program's beginning, or {"countdown": {"to": "2026-11-20T19:00:00Z",
"done": "Welcome"}}.

Sound: the sum of the sources at their gains, then a true-peak limiter ("sound": {"ceiling_dbtp": -1});
AAC may add a few dB to the loudest peaks after it. A mono source goes to both sides at -3 dB. "delay"
(up to 10 s) moves all of a source, ts compose audio SOURCE --delay its sound alone. What a live source
delays waits decoded: 41 MB for a second of 720p30.
A source with "follow": true is heard only while a scene on air shows it. Music steps back under speech:
  "music": {"url": "music.mp3", "loop": true, "gain_db": -6,
            "duck": {"under": ["wide"], "by_db": 12, "threshold_db": -40,
                     "attack": "80ms", "hold": "400ms", "release": "800ms"}}
Loudness (EBU R128), peaks and true peaks are in ts compose status --json ("sound").

Guards watch the program and raise an alarm after a time; one that is not named is off:
  "guards": {"black": "5s", "frozen": "10s", "silent": {"after": "10s", "below_db": -60},
             "clipped": {"after": "1s", "over_db": 3}, "quiet": {"after": "30s", "below_lufs": -40},
             "slate": "opening"}
"slate" names a scene that comes by itself for a black or frozen picture, and goes by itself; while it
is there, "slate" is among the alarms of ts compose status, and "slate_for" what it stands in for.

"filter": "hqdn3d,eq=contrast=1.1" on a source or on the whole show is a chain of libavfilter's
picture filters; filters that read files or the network are refused. One of the whole show may
neither wait for later pictures (yadif, atadenoise) nor change their size.
ts compose check SHOW.json finds what is wrong before the show does.)";

constexpr std::string_view kControl = R"(The compositor's control protocol, version 1

JSON lines over a Unix stream socket (mode 0600): the one of --control PATH, else the one that
ts compose status finds. Every verb of ts compose is one such line:

  {"id": 1, "command": "take", "scene": "two", "transition": "fade", "duration_ms": 500}
  {"id": 1, "ok": true, "tick": 4711}
  {"id": 1, "ok": false, "error": {"kind": "not_found", "message": "…", "hint": "…", "retryable": false}}

"id" is yours and comes back; it may be left out. Every line gets exactly one reply. "tick" is the
first frame it holds for. Unknown commands and members are errors. Members marked ? may be left out.

  preview        scene
  take           scene? (else the preview), transition? (cut, fade, ftb, wipe), duration_ms? (500)
  cut            scene?
  black          on? (true), duration_ms? (500)
  overlay_show   overlay, for_ms? (it goes by itself)       overlay_hide   overlay
  overlay_set    overlay; of a lower third title, subtitle?, of a text overlay text; reply:
                 "warnings", when viewers will not see all of it. Of a countdown: to (RFC 3339) or in_ms (from now): another moment
  audio          source, and some of gain_db (-120 to 24), mute, solo, follow, delay_ms (0 to 10000)
  batch          commands: 1 to 64 of the above, all in one frame or none
  source_add     name, source: an object as in the show file, paths absolute
  source_remove, source_restart   name
  scene_set      name, scene: an object as in the show file
  output_add     output: "file:/ABS", "hls:/ABS", "rtmp-url-file:/ABS", "srt-url-file:/ABS"; name?
  output_remove  name                                       output_list
  status         reply: "status", what ts compose status --json prints
  shot           path (absolute, a PNG), source? or preview? or multiview?
  picture        width, height (1 to 320), source? or preview? or multiview?: "rgb" in base64;
                 glimpse? (of a source nobody sees: its last key frame, nothing is decoded for it)
  go, stop, ping
  events         kinds? (["tally", …]; all but meters): event lines follow, and have no "ok"

Events: scene, tally, overlay, audio, black, source, output, guard, quality, meters, go, stop, and
dropped (so many lines were left out because they were read too slowly):
  {"event": "tally", "tick": 4711, "time": "2026-11-20T14:03:00.123Z", "program": ["cam"], "preview": []}

Limits: a line of 64 KiB, 16 clients, 64 commands waiting (then "busy", retryable), 1 MiB unread.
By hand: echo '{"command":"status"}' | socat - UNIX-CONNECT:SOCKET)";

}  // namespace

std::vector<HelpTopic> help_topics() {
  return {
      {"exit-codes", "what each exit code means", kExitCodes},
      {"environment", "settings, where they come from, every variable", kEnvironment},
      {"control", "the JSON lines that steer a running compositor", kControl},
      {"show-file", "the JSON that describes a show", kShowFile},
  };
}

}  // namespace ts::cli
