// SPDX-License-Identifier: Apache-2.0
// Runs a GStreamer pipeline to its end while one pad's alpha follows a curve, as voctomix fades.
// usage: gst_alpha LAUNCH_LINE ELEMENT PAD t0:v0,t1:v1,...
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>
#include <gst/gst.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc < 5) return 2;
  GError* error = NULL;
  GstElement* pipeline = gst_parse_launch(argv[1], &error);
  if (pipeline == NULL) {
    g_printerr("%s\n", error->message);
    return 1;
  }
  GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), argv[2]);
  GstPad* pad = gst_element_get_static_pad(element, argv[3]);
  GstControlSource* curve = gst_interpolation_control_source_new();
  g_object_set(curve, "mode", GST_INTERPOLATION_MODE_LINEAR, NULL);
  gst_object_add_control_binding(GST_OBJECT(pad),
                                 gst_direct_control_binding_new(GST_OBJECT(pad), "alpha", curve));
  char* points = strdup(argv[4]);
  for (char* point = strtok(points, ","); point != NULL; point = strtok(NULL, ",")) {
    const char* value = strchr(point, ':');
    gst_timed_value_control_source_set((GstTimedValueControlSource*)curve,
                                       (GstClockTime)(atof(point) * GST_SECOND), atof(value + 1));
  }
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstMessage* message = gst_bus_timed_pop_filtered(
      gst_element_get_bus(pipeline), GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  const int failed = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
  gst_element_set_state(pipeline, GST_STATE_NULL);
  free(points);
  return failed;
}
