/* SPDX-License-Identifier: Apache-2.0
 * Answers of truthful servers to the trunk's pings behind its stanzas. They come as they would on a stream that the peer opens for the way back; that it
 * does so by itself is left out, so that scripts are told of no stream but those that they speak of. */
#include "sim_net.h"
#include "world.h"

#include "stream/stream.h"

#include <stdio.h>
#include <stdlib.h>

struct ping {
	struct list link;               /* in world->pings */
	struct timer timer;
	struct world *world;
	char sender[PEER_DOMAIN_SIZE], target[PEER_DOMAIN_SIZE];        /* of the answer */
	char id[PEER_WORD_SIZE];
};

static void ping_free(struct ping *ping)
{
	timer_stop(&ping->timer);
	list_remove(&ping->link);
	free(ping);
}

static void on_way_back(void *ctx)
{
	struct ping *ping = ctx;
	const struct domain_pair pair = {.sender = str_of(ping->sender), .target = str_of(ping->target)};

	if (ping->world->trunk)
		outbound_is_awaited(relay_outbound(trunk_relay(ping->world->trunk)), &pair, str_of(ping->id));
	ping_free(ping);
}

bool world_pinged(void *ctx, const struct xml_node *node)
{
	struct world *world = ctx;
	struct jid from, to;
	struct ping *ping;

	if (!str_is(node->name, "iq") || !str_is(xml_node_attr(node, "type"), "get") || jid_parse(xml_node_attr(node, "from"), &from) < 0 ||
	    jid_parse(xml_node_attr(node, "to"), &to) < 0 || !str_is(from.resource, BARRIER_RESOURCE) || !(ping = calloc(1, sizeof(*ping))))
		return false;
	ping->world = world;
	TEXT_COPY(ping->sender, to.domain);
	TEXT_COPY(ping->target, from.domain);
	TEXT_COPY(ping->id, xml_node_attr(node, "id"));
	list_add_tail(&world->pings, &ping->link);
	timer_start(world->loop, &ping->timer, sim_net_latency(world->net), on_way_back, ping);
	return true;
}

void world_forget_pings(struct world *world)
{
	LIST_EACH (pos, &world->pings)
		ping_free(LIST_OF(pos, struct ping, link));
}
