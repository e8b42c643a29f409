/* SPDX-License-Identifier: Apache-2.0
 * A daemon made of stand-ins, so that the control room can be tested without streams: it shows two streams, remembers what
 * it was told to do, and runs probes as it is told to. */
#ifndef TRUNK_TEST_CONTROL_WORLD_H
#define TRUNK_TEST_CONTROL_WORLD_H

#include "control/control.h"

enum { WORLD_TEXT = 4096 };

struct world {
	struct control_env env;
	struct loop *loop;
	struct site site;
	struct memory memory;
	struct dialback_secrets secrets;
	struct config config;
	char told[WORLD_TEXT];          /* what the stand-ins were called with, a line each */
	char recorded[WORLD_TEXT];      /* audit records of operators */
	char blocked[256];
	int reload_err, record_err, block_err;
	unsigned streams;               /* shown by inbound */
	bool is_link_up;
	enum decision pair_decision;

	/* The probe that runs. */
	probe_fn *probe_fn;
	void *probe_ctx;
	bool is_probe_instant;          /* tells its last step before it returns */
	unsigned probes;                /* alive */
};

/* The one world that the stand-ins speak of. `loop` may be NULL: one without a driver is made. */
struct world *world_new(struct loop *loop);
void world_free(struct world **world);

#endif
