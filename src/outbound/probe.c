/* SPDX-License-Identifier: Apache-2.0
 * A walk to a peer step by step, as an operator asks for it. */
#include "outbound/outbound_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { PROBE_PING_MS = 10 * 1000 };     /* that the peer has to answer a ping, with a stream of its own to us */

struct probe {
	struct outbound *outbound;
	struct list link;               /* in outbound->probes */
	const struct site *site;
	struct initiator initiator;
	struct timer timeout;           /* armed: the ping is on its way */
	probe_fn *fn;
	void *ctx;
	char id[STREAM_ID_SIZE];        /* of the ping */
	struct domain_pair pair;        /* points into the two below */
	struct domain sender, target;
};

const char *probe_step_text(enum probe_step step)
{
	static const char *const texts[] = {"", "dns", "tcp", "tls", "certificate", "features", "authentication", "ping"};

	return texts[step];
}

static void tell(struct probe *probe, enum probe_step step, bool is_ok, const char *text, bool is_last)
{
	probe->fn(probe->ctx, step, is_ok, text, is_last);
}

static void on_ping_timeout(void *ctx)
{
	struct probe *probe = ctx;
	char text[DOMAIN_SIZE + 200];

	initiator_end(&probe->initiator, STREAM_CONDITION_NONE, NULL);
	snprintf(text, sizeof(text), "proved and sent, but no answer came: its server opens a stream of its own to answer; does its DNS lead %.200s to this trunk?",
		 probe->sender.at);
	tell(probe, PROBE_PING, false, text, true);
}

/* The answer comes on the peer's own stream to us, as an iq for the domain that we probe as. */
static void on_ready(void *ctx)
{
	struct probe *probe = ctx;
	struct buf out = {0};

	buf_addf(&out, "<iq type='get' id='%s' from='", probe->id);
	xml_escape(&out, probe->pair.sender);
	buf_add_cstr(&out, "/" PROBE_RESOURCE "' to='");
	xml_escape(&out, probe->pair.target);
	buf_add_cstr(&out, "'><ping xmlns='urn:xmpp:ping'/></iq>");
	channel_write(&probe->initiator.channel, buf_str(&out));
	buf_fini(&out);
	timer_start(probe->site->loop, &probe->timeout, PROBE_PING_MS, on_ping_timeout, probe);
}

static bool is_answer_to(const struct probe *probe, const struct domain_pair *pair, struct str id)
{
	return probe->timeout.loop && str_is(id, probe->id) && str_eq(pair->sender, probe->pair.target) &&
	       str_eq(pair->target, probe->pair.sender);
}

bool probes_were_answered(struct outbound *outbound, const struct domain_pair *pair, struct str id)
{
	LIST_EACH (pos, &outbound->probes) {
		struct probe *probe = LIST_OF(pos, struct probe, link);

		if (!is_answer_to(probe, pair, id))
			continue;
		timer_stop(&probe->timeout);
		initiator_end(&probe->initiator, STREAM_CONDITION_NONE, NULL);
		tell(probe, PROBE_PING, true, "answered", true);
		return true;
	}
	return false;
}

static void on_element(void *ctx, const struct xml_element *element)
{
	(void)ctx;
	(void)element;
}

static void on_drained(void *ctx)
{
	(void)ctx;
}

static void on_failed(void *ctx, const struct initiator_failure *failure)
{
	struct probe *probe = ctx;
	const enum probe_step step = probe->timeout.loop ? PROBE_PING : probe->initiator.last_step;

	if (failure->err == 0 && !probe->timeout.loop)
		return;         /* our own end */
	timer_stop(&probe->timeout);
	initiator_remember(&probe->initiator, "outbound", "initiating", failure->why);
	tell(probe, step, false, failure->why, true);
}

static void on_step(void *ctx, enum probe_step step, bool is_ok, const char *text)
{
	tell(ctx, step, is_ok, text, false);
}

static const struct initiator_handler probe_handler = {
	.ready = on_ready, .element = on_element, .drained = on_drained, .failed = on_failed, .step = on_step,
};

void probes_were_asked(struct outbound *outbound, const struct domain_pair *pair)
{
	LIST_EACH (pos, &outbound->probes) {
		struct probe *probe = LIST_OF(pos, struct probe, link);

		if (str_eq(probe->pair.sender, pair->sender) && str_eq(probe->pair.target, pair->target))
			probe->initiator.was_verified = true;
	}
}

void probes_stop(struct outbound *outbound, const char *why)
{
	LIST_EACH (pos, &outbound->probes) {
		struct probe *probe = LIST_OF(pos, struct probe, link);
		const bool was_going = probe->initiator.state != INITIATOR_IDLE;

		timer_stop(&probe->timeout);
		initiator_stop(&probe->initiator);
		if (was_going)
			tell(probe, PROBE_AUTHENTICATION, false, why, true);
	}
}

struct probe *outbound_probe(struct outbound *outbound, const struct domain_pair *pair, probe_fn *fn, void *ctx)
{
	const struct spoke *spoke = route_find(outbound->site->route, pair->target);
	struct probe *probe = calloc(1, sizeof(*probe));

	if (!probe || !spoke || domain_normalise(pair->sender, &probe->sender) < 0 || domain_normalise(pair->target, &probe->target) < 0) {
		free(probe);
		return NULL;
	}
	if (stream_id_make(probe->id) < 0) {
		free(probe);
		return NULL;
	}
	list_add_tail(&outbound->probes, &probe->link);
	probe->outbound = outbound;
	probe->site = outbound->site;
	probe->fn = fn;
	probe->ctx = ctx;
	probe->pair = (struct domain_pair){.sender = domain_str(&probe->sender), .target = domain_str(&probe->target)};
	probe_is_known(outbound, &probe->pair, str_of(probe->id), true);
	initiator_init(&probe->initiator, outbound->site, INITIATOR_LINK, &probe->pair, &probe_handler, probe);
	initiator_start(&probe->initiator, spoke);
	return probe;
}

void probe_cancel(struct probe **probe)
{
	if (!*probe)
		return;
	list_remove(&(*probe)->link);
	probe_is_known((*probe)->outbound, &(*probe)->pair, str_of((*probe)->id), false);
	timer_stop(&(*probe)->timeout);
	initiator_fini(&(*probe)->initiator);
	free(*probe);
	*probe = NULL;
}
