/* SPDX-License-Identifier: Apache-2.0
 * The load driver: emulates the servers on both sides of a trunk and checks each stanza that crosses it. */
#include "load.h"

#include "die.h"

#include <signal.h>

int main(int argc, char **argv)
{
	struct load *load = must_ptr(calloc(1, sizeof(*load)));
	int status = 2;

	signal(SIGPIPE, SIG_IGN);
	options_parse(&load->options, argc, argv);
	load_init(load);
	switch (load->options.mode) {
	case MODE_LOAD:
		status = mode_load(load);
		break;
	case MODE_IDLE:
		status = mode_idle(load);
		break;
	case MODE_CONNECTS:
		status = mode_connects(load);
		break;
	case MODE_COLD:
		status = mode_cold(load);
		break;
	}
	load_fini(load);
	free(load);
	return status;
}
