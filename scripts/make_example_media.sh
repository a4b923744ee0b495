#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the media of examples/rehearsal with the ffmpeg command: nothing is downloaded, everything is ours.
set -euo pipefail
cd "$(dirname "$0")/../examples/rehearsal"
mkdir -p media
font=/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf
[ -e "$font" ] || font=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
ff() { ffmpeg -hide_banner -nostdin -loglevel error -y "$@"; }

# The chapel: slow warm light with a moving candle glow, and an organ-like chord that breathes.
if [ ! -s media/wide.mp4 ]; then
  ff -f lavfi -i "gradients=s=1280x720:r=30:d=20:speed=0.012:c0=0x3b2416:c1=0x7a4a22:c2=0x1d2a3a:c3=0x9a6a35:nb_colors=4:seed=7" \
     -f lavfi -i "color=c=0xffd98a:s=200x200:r=30:d=20,format=rgba,geq=r='255':g='214':b='140':a='200*exp(-(pow((X-100)/46,2)+pow((Y-100)/74,2)))'" \
     -f lavfi -i "aevalsrc='0.10*sin(2*PI*220*t)+0.08*sin(2*PI*277.18*t)+0.08*sin(2*PI*329.63*t)+0.05*sin(2*PI*110*t)*(0.7+0.3*sin(2*PI*0.2*t))|0.10*sin(2*PI*220.4*t)+0.08*sin(2*PI*277.5*t)+0.08*sin(2*PI*329.2*t)+0.05*sin(2*PI*110*t)*(0.7+0.3*cos(2*PI*0.2*t))':s=48000:d=20" \
     -filter_complex "[0:v]drawbox=x=0:y=560:w=1280:h=160:color=0x20140c@0.75:t=fill,drawbox=x=596:y=330:w=88:h=230:color=0xf2e3c6@0.95:t=fill[room];[room][1:v]overlay=x='540+6*sin(2*PI*t*0.7)':y='168+5*sin(2*PI*t*1.3)'[lit];[lit]drawtext=fontfile=$font:text='Chapel, wide':x=40:y=36:fontsize=34:fontcolor=0xf6e9cf@0.85,drawtext=fontfile=$font:text='%{pts\\:hms}':x=w-tw-40:y=36:fontsize=30:fontcolor=0xf6e9cf@0.85,noise=alls=3:allf=t:all_seed=11[v]" \
     -map "[v]" -map 2:a -c:v libx264 -preset veryfast -profile:v high -b:v 2500k -maxrate 2500k -bufsize 2500k -g 60 -bf 2 -pix_fmt yuv420p \
     -color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709 -threads 1 -c:a aac -b:a 128k -fflags +bitexact -flags +bitexact \
     media/wide.tmp.mp4
  mv media/wide.tmp.mp4 media/wide.mp4
fi
# The portrait: a framed still.
if [ ! -s media/portrait.png ]; then
  ff -f lavfi -i "gradients=s=1280x720:c0=0x2b3a4a:c1=0x6f8296:nb_colors=2:x0=0:y0=0:x1=1280:y1=720:d=1:r=1" -frames:v 1 -vf \
"drawbox=x=380:y=60:w=520:h=600:color=0xc8a15a:t=fill,drawbox=x=404:y=84:w=472:h=552:color=0xefe6d8:t=fill,drawtext=fontfile=$font:text='Ana Ruiz':x=(w-tw)/2:y=300:fontsize=72:fontcolor=0x3a2c1e,drawtext=fontfile=$font:text='1948 – 2026':x=(w-tw)/2:y=400:fontsize=40:fontcolor=0x6a5540" \
     -update 1 media/portrait.tmp.png
  mv media/portrait.tmp.png media/portrait.png
fi
# The logo: a round mark with a soft edge.
if [ ! -s media/logo.png ]; then
  ff -f lavfi -i "color=c=0xd9b25f:s=110x110,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*clip((52-hypot(X-55,Y-55))/3,0,1)*(1-0.75*clip((40-hypot(X-55,Y-55))/2,0,1))'" -frames:v 1 -update 1 media/logo.tmp.png
  mv media/logo.tmp.png media/logo.png
fi
