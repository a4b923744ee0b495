// SPDX-License-Identifier: Apache-2.0
#include "live/program_memory.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::live {
namespace {

std::string after(std::initializer_list<const char*> lines,
                  std::optional<milliseconds> at = milliseconds{61'500}) {
  ProgramMemory memory;
  for (const char* line : lines) memory.read(line);
  std::string out;
  for (const Json& command : memory.commands(at)) out += dump_json(command) + "\n";
  return out;
}

TEST(ProgramMemory, ARestartedProgramIsAskedForWhatWasOnAir) {
  EXPECT_EQ(
      after({R"({"schema":"ts.compose/1","event":"started","show":"x","fps":"30000/1001"})",
             R"({"event":"go","tick":0,"at_ms":50000})",
             R"({"event":"program","tick":0,"scene":"one","transition":"cut"})",
             R"({"event":"program","tick":50,"scene":"two","transition":"fade"})",
             R"({"event":"preview","tick":60,"scene":"three"})",
             R"({"event":"overlay_show","tick":70,"overlay":"name","for_ms":8000})",
             R"({"event":"overlay_show","tick":71,"overlay":"logo"})",
             R"({"event":"overlay_hide","tick":90,"overlay":"logo"})",
             R"({"event":"overlay_text","tick":91,"overlay":"name","title":"A","subtitle":"B"})",
             R"({"event":"gain","tick":92,"source":"a","gain_db":-3.5})",
             R"({"event":"mute","tick":92,"source":"a"})",
             R"({"event":"delay","tick":93,"source":"b","delay_ms":40})",
             R"({"event":"black","tick":99,"on":true})",
             R"({"event":"black","tick":100,"on":false})",
             R"({"event":"status","tick":300,"time_ms":10010})"}),
      R"({"command":"cut","scene":"two"})"
      "\n"
      R"({"command":"preview","scene":"three"})"
      "\n"
      R"({"command":"go","at_ms":61500,"done_ms":59977})"
      "\n"
      R"({"command":"overlay_set","overlay":"name","title":"A","subtitle":"B"})"
      "\n"
      R"({"command":"overlay_hide","overlay":"logo"})"
      "\n"
      R"({"command":"overlay_show","overlay":"name","for_ms":8000})"
      "\n"
      R"({"command":"audio","source":"a","gain_db":-3.5,"mute":true})"
      "\n"
      R"({"command":"audio","source":"b","delay_ms":40})"
      "\n");
}

TEST(ProgramMemory, WhatTheGuardsSlateStandsInForIsWantedBack) {
  EXPECT_EQ(after({R"({"event":"program","tick":9,"scene":"slate"})",
                   R"({"event":"status","tick":30,"slate_for":"altar"})"},
                  {}),
            "{\"command\":\"cut\",\"scene\":\"altar\"}\n");
  EXPECT_EQ(after({R"({"event":"status","tick":30,"slate_for":"altar"})",
                   R"({"event":"program","tick":40,"scene":"slate"})"},
                  {}),
            "{\"command\":\"cut\",\"scene\":\"slate\"}\n")
      << "the operator's own choice";
}

TEST(ProgramMemory, NothingSeenIsNothingAskedFor) {
  EXPECT_EQ(after({"", "no JSON", "[]", R"({"event":7})", R"({"event":"status","tick":1})"}, {}),
            "");
  EXPECT_EQ(after({R"({"event":"black","on":true})"}, {}),
            "{\"command\":\"black\",\"duration_ms\":0}\n");
}

}  // namespace
}  // namespace ts::live
