// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/command.hpp"

namespace ts::cli {

/// The program `ts`: every command, one line each, in commands.cpp.
Program ts_program();

/// The pages of `ts help TOPIC` (topics.cpp).
std::vector<HelpTopic> help_topics();

// One function a command, each in commands/<noun>_<verb>.cpp. Every start calls all of them: cold
// puts them side by side, into a few pages.
[[gnu::cold]] Command cloudflare_input_create();
[[gnu::cold]] Command cloudflare_input_delete();
[[gnu::cold]] Command cloudflare_input_get();
[[gnu::cold]] Command cloudflare_input_list();
[[gnu::cold]] Command cloudflare_input_update();
[[gnu::cold]] Command cloudflare_output_add();
[[gnu::cold]] Command cloudflare_output_list();
[[gnu::cold]] Command cloudflare_output_remove();
[[gnu::cold]] Command completion_command();
[[gnu::cold]] Command compose_audio();
[[gnu::cold]] Command compose_batch();
[[gnu::cold]] Command compose_black();
[[gnu::cold]] Command compose_cut();
[[gnu::cold]] Command compose_events();
[[gnu::cold]] Command compose_go();
[[gnu::cold]] Command compose_output_add();
[[gnu::cold]] Command compose_output_list();
[[gnu::cold]] Command compose_output_remove();
[[gnu::cold]] Command compose_overlay_hide();
[[gnu::cold]] Command compose_overlay_set();
[[gnu::cold]] Command compose_overlay_show();
[[gnu::cold]] Command compose_preview();
[[gnu::cold]] Command compose_scene_set();
[[gnu::cold]] Command compose_shot();
[[gnu::cold]] Command compose_source_add();
[[gnu::cold]] Command compose_source_remove();
[[gnu::cold]] Command compose_source_restart();
[[gnu::cold]] Command compose_status();
[[gnu::cold]] Command compose_stop();
[[gnu::cold]] Command compose_take();
[[gnu::cold]] Command compose_tui();
[[gnu::cold]] Command db_backup();
[[gnu::cold]] Command db_check();
[[gnu::cold]] Command db_migrate();
[[gnu::cold]] Command db_restore();
[[gnu::cold]] Command docs_check();
[[gnu::cold]] Command docs_man();
[[gnu::cold]] Command doctor();
[[gnu::cold]] Command egress_get();
[[gnu::cold]] Command egress_layout();
[[gnu::cold]] Command egress_list();
[[gnu::cold]] Command egress_outputs();
[[gnu::cold]] Command egress_start();
[[gnu::cold]] Command egress_stop();
[[gnu::cold]] Command env_add();
[[gnu::cold]] Command env_check();
[[gnu::cold]] Command env_fix();
[[gnu::cold]] Command env_init();
[[gnu::cold]] Command env_list();
[[gnu::cold]] Command env_remove();
[[gnu::cold]] Command env_show();
[[gnu::cold]] Command env_use();
[[gnu::cold]] Command ingress_create();
[[gnu::cold]] Command ingress_delete();
[[gnu::cold]] Command ingress_get();
[[gnu::cold]] Command ingress_list();
[[gnu::cold]] Command ingress_update();
[[gnu::cold]] Command ingress_wait();
[[gnu::cold]] Command mux_api();
[[gnu::cold]] Command mux_asset_delete();
[[gnu::cold]] Command mux_asset_download();
[[gnu::cold]] Command mux_asset_get();
[[gnu::cold]] Command mux_asset_list();
[[gnu::cold]] Command mux_asset_wait();
[[gnu::cold]] Command mux_captions();
[[gnu::cold]] Command mux_complete();
[[gnu::cold]] Command mux_create();
[[gnu::cold]] Command mux_delete();
[[gnu::cold]] Command mux_disable();
[[gnu::cold]] Command mux_enable();
[[gnu::cold]] Command mux_get();
[[gnu::cold]] Command mux_health();
[[gnu::cold]] Command mux_key();
[[gnu::cold]] Command mux_list();
[[gnu::cold]] Command mux_playback_add();
[[gnu::cold]] Command mux_playback_list();
[[gnu::cold]] Command mux_playback_remove();
[[gnu::cold]] Command mux_playback_url();
[[gnu::cold]] Command mux_rotate_key();
[[gnu::cold]] Command mux_sign();
[[gnu::cold]] Command mux_simulcast_add();
[[gnu::cold]] Command mux_simulcast_list();
[[gnu::cold]] Command mux_simulcast_remove();
[[gnu::cold]] Command mux_update();
[[gnu::cold]] Command mux_viewers();
[[gnu::cold]] Command mux_wait();
[[gnu::cold]] Command playback_check();
[[gnu::cold]] Command room_create();
[[gnu::cold]] Command room_delete();
[[gnu::cold]] Command room_get();
[[gnu::cold]] Command room_list();
[[gnu::cold]] Command room_mute();
[[gnu::cold]] Command room_forward();
[[gnu::cold]] Command room_move();
[[gnu::cold]] Command room_remove();
[[gnu::cold]] Command room_rpc();
[[gnu::cold]] Command room_send();
[[gnu::cold]] Command room_subscribe();
[[gnu::cold]] Command room_unmute();
[[gnu::cold]] Command room_unsubscribe();
[[gnu::cold]] Command room_update();
[[gnu::cold]] Command room_update_participant();
[[gnu::cold]] Command room_who();
[[gnu::cold]] Command sandbox_down();
[[gnu::cold]] Command sandbox_reset();
[[gnu::cold]] Command sandbox_status();
[[gnu::cold]] Command sandbox_up();
[[gnu::cold]] Command token_create();
[[gnu::cold]] Command token_inspect();
[[gnu::cold]] Command token_verify();
[[gnu::cold]] Command live_end();
[[gnu::cold]] Command live_list();
[[gnu::cold]] Command live_preflight();
[[gnu::cold]] Command live_report();
[[gnu::cold]] Command live_start();
[[gnu::cold]] Command live_status();
[[gnu::cold]] Command version();
[[gnu::cold]] Command webhook_endpoint_add();
[[gnu::cold]] Command webhook_endpoint_list();
[[gnu::cold]] Command webhook_endpoint_remove();
[[gnu::cold]] Command webhook_events();
[[gnu::cold]] Command webhook_listen();
[[gnu::cold]] Command webhook_replay();
[[gnu::cold]] Command webhook_sign();
[[gnu::cold]] Command webhook_test();
[[gnu::cold]] Command webhook_trigger();
[[gnu::cold]] Command webhook_verify();

}  // namespace ts::cli
