// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/command.hpp"

namespace ts::cli {

/// The program `ts`: every command, one line each, in commands.cpp.
Program ts_program();

/// The pages of `ts help TOPIC` (topics.cpp).
std::vector<HelpTopic> help_topics();

// One function a command, each in commands/<noun>_<verb>.cpp.
Command cloudflare_input_create();
Command cloudflare_input_delete();
Command cloudflare_input_get();
Command cloudflare_input_list();
Command cloudflare_input_update();
Command cloudflare_output_add();
Command cloudflare_output_list();
Command cloudflare_output_remove();
Command completion_command();
Command db_backup();
Command db_check();
Command db_migrate();
Command db_restore();
Command docs_check();
Command docs_man();
Command egress_get();
Command egress_layout();
Command egress_list();
Command egress_outputs();
Command egress_start();
Command egress_stop();
Command env_add();
Command env_check();
Command env_fix();
Command env_init();
Command env_list();
Command env_remove();
Command env_show();
Command env_use();
Command ingress_create();
Command ingress_delete();
Command ingress_get();
Command ingress_list();
Command ingress_update();
Command ingress_wait();
Command mux_api();
Command mux_asset_delete();
Command mux_asset_download();
Command mux_asset_get();
Command mux_asset_list();
Command mux_asset_wait();
Command mux_captions();
Command mux_complete();
Command mux_create();
Command mux_delete();
Command mux_disable();
Command mux_enable();
Command mux_get();
Command mux_health();
Command mux_key();
Command mux_list();
Command mux_playback_add();
Command mux_playback_list();
Command mux_playback_remove();
Command mux_playback_url();
Command mux_rotate_key();
Command mux_sign();
Command mux_simulcast_add();
Command mux_simulcast_list();
Command mux_simulcast_remove();
Command mux_update();
Command mux_viewers();
Command mux_wait();
Command playback_check();
Command room_create();
Command room_delete();
Command room_get();
Command room_list();
Command room_mute();
Command room_remove();
Command room_send();
Command room_subscribe();
Command room_unmute();
Command room_unsubscribe();
Command room_update();
Command room_update_participant();
Command room_who();
Command sandbox_down();
Command sandbox_reset();
Command sandbox_status();
Command sandbox_up();
Command token_create();
Command token_inspect();
Command token_verify();
Command live_end();
Command live_list();
Command live_preflight();
Command live_report();
Command live_start();
Command live_status();
Command version();
Command webhook_events();
Command webhook_listen();
Command webhook_replay();
Command webhook_sign();
Command webhook_test();
Command webhook_trigger();
Command webhook_verify();

}  // namespace ts::cli
