/* SPDX-License-Identifier: Apache-2.0
 * What waits for a target, and what an operator does with it; the trunk's disk. */
#include "verbs.h"

/* "saturn.example.org>mercury.example.net", or the target alone. */
static void read_pair(struct str word, struct domain_pair *ret_pair)
{
	struct str rest = word;
	const struct str first = str_cut(&rest, '>');

	*ret_pair = str_is_absent(rest) ? (struct domain_pair){.target = first} : (struct domain_pair){.sender = first, .target = rest};
}

struct counting {
	struct domain_pair pair;
	uint64_t disk, memory;
};

static void count(void *ctx, const struct queue_info *info)
{
	struct counting *counting = ctx;

	if (!str_eq(info->pair.target, counting->pair.target) ||
	    (!str_is_absent(counting->pair.sender) && !str_eq(info->pair.sender, counting->pair.sender)))
		return;
	counting->disk += info->disk_stanzas;
	counting->memory += info->memory_stanzas;
}

/* "trunk holds N on disk|in memory for PAIR". */
static int holds(struct step *step)
{
	struct world *world = step->world;
	struct counting counting = {0};
	uint64_t expected;

	if (str_number(STEP_WORD(step, 2), 1000000, &expected) < 0 || !STEP_IS(step, 5, "for"))
		return world_fail(world, "trunk holds N on disk|in memory for SENDER>TARGET|TARGET");
	read_pair(STEP_WORD(step, 6), &counting.pair);
	world_settle(world);
	outbound_queues(relay_outbound(trunk_relay(world->trunk)), count, &counting);
	if ((STEP_IS(step, 3, "on") ? counting.disk : counting.memory) == expected)
		return 0;
	return world_fail(world, "it holds %llu on disk and %llu in memory", (unsigned long long)counting.disk, (unsigned long long)counting.memory);
}

static enum queue_action action_of(struct step *step)
{
	static const struct {
		const char *word;
		enum queue_action action;
	} actions[] = {
		{"pauses", QUEUE_PAUSE}, {"resumes", QUEUE_RESUME}, {"releases", QUEUE_RELEASE}, {"drops", QUEUE_DROP}, {"returns", QUEUE_BOUNCE},
	};

	for (unsigned i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (STEP_IS(step, 1, actions[i].word))
			return actions[i].action;
	return 0;
}

/* As src/control/rest.c does it, for a spoke of one domain. */
static int rest_of(struct step *step, bool is_drained)
{
	struct world *world = step->world;
	struct outbound *outbound = relay_outbound(trunk_relay(world->trunk));
	const struct spoke *spoke = route_find(trunk_site(world->trunk)->route, STEP_WORD(step, 2));

	if (!spoke || (is_drained ? rest_drain(world->rest, spoke->name) : rest_undrain(world->rest, spoke->name)) < 0)
		return world_fail(world, "trunk rests|wakes DOMAIN");
	if (!is_drained) {
		outbound_wake(outbound, spoke);
		return 0;
	}
	inbound_close(trunk_inbound(world->trunk), STEP_WORD(step, 2), NULL, "system-shutdown");
	outbound_close(outbound, STEP_WORD(step, 2), "system-shutdown", false);
	return 0;
}

int step_queue(struct step *step)
{
	struct world *world = step->world;
	const enum queue_action action = action_of(step);
	struct domain_pair pair;
	size_t stanzas;

	if (STEP_IS(step, 1, "holds"))
		return holds(step);
	if (STEP_IS(step, 1, "has") && STEP_IS(step, 4, "disk")) {      /* "trunk has a full|good disk" */
		world->disk_fails = STEP_IS(step, 3, "full");
		return 0;
	}
	if (STEP_IS(step, 1, "rests"))
		return rest_of(step, true);
	if (STEP_IS(step, 1, "wakes"))
		return rest_of(step, false);
	if (STEP_IS(step, 1, "begins") || STEP_IS(step, 1, "ends")) {   /* "maintenance" */
		rest_set_maintenance(world->rest, STEP_IS(step, 1, "begins"));
		return 0;
	}
	if (!action)
		return 1;
	read_pair(STEP_WORD(step, 2), &pair);
	if (outbound_queue(relay_outbound(trunk_relay(world->trunk)), action, pair.sender, pair.target, &stanzas) == 0)
		return world_fail(world, "there is no such pair");
	return 0;
}
