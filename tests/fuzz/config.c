/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as trunkd.yaml: what is taken is whole, what is refused was told why. */
#include "config/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
	unsigned errors;
};

static void count(void *ctx, const struct config_problem *problem)
{
	struct told *told = ctx;

	told->errors += !problem->is_warning;
	for (const char *c = problem->text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort(); /* a message is one line, fit for a terminal */
}

static bool is_whole(const struct config *config)
{
	if (!config->trunk || config->zone_count == 0 || config->listen_count + config->listen_tls_count == 0)
		return false;
	for (unsigned i = 0; i < config->spoke_count; i++)
		if (!config->spokes[i].domain_count || !config->spokes[i].zone || !config->spokes[i].trust.tls)
			return false;
	for (unsigned i = 0; i < config->rule_count; i++)
		if (!config->rules[i].name || (config->rules[i].from && config->rules[i].from[0].kind == SIDE_END))
			return false;
	return config->limits.stanza_bytes > 0 && config->trust.min_version &&
	       (config->trust.external || config->trust.dialback);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL;
	struct told told = {0};
	int err;

	err = config_load_text(str_make((const char *)data, size), "fuzz.yaml", count, &told, &config);
	if (err == 0 ? told.errors > 0 || !is_whole(config) : err == TRUNK_EINVAL && told.errors == 0)
		abort();
	config_free(&config);
	return 0;
}
