/* SPDX-License-Identifier: Apache-2.0
 * The spool in the state folder, and whether it is needed. */
#include "daemon/daemon.h"

#include <stdio.h>

static bool needs_disk(const struct config *config)
{
	for (unsigned i = 0; i < config->spoke_count; i++)
		if (config->spokes[i].custody == CUSTODY_DISK)
			return true;
	for (unsigned i = 0; i < config->zone_count; i++)
		if (config->zones[i].template.custody == CUSTODY_DISK)
			return true;
	return false;
}

int daemon_open_spool(struct daemon *daemon, const struct config *config, struct buf *why)
{
	char folder[4096];
	const struct spool_options options = {.folder = folder, .size_bytes = config->limits.spool_bytes, .log = daemon->log};
	int err;

	snprintf(folder, sizeof(folder), "%s/spool", config->state);
	err = spool_store_open(&options, &daemon->spool);
	if (err < 0 && !needs_disk(config))
		return 0;
	if (err < 0)
		buf_addf(why, "%s: the spool cannot be used (%s), and custody: disk asks for it", folder, error_text(err));
	return err;
}

int daemon_reload_spool(struct daemon *daemon, const struct config *config, struct buf *why)
{
	if (daemon->spool) {
		spool_store_set_size(daemon->spool, config->limits.spool_bytes);
		return 0;
	}
	if (!needs_disk(config))
		return 0;
	buf_addf(why, "custody: disk needs the spool in %s, which could not be opened at the start; make it usable and restart", config->state);
	return TRUNK_EIO;
}
