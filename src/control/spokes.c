/* SPDX-License-Identifier: Apache-2.0
 * The command `spokes`: each peer that the configuration names, how it is reached, and how its links are. */
#include "control/call.h"

#include "control/foreign.h"

#include <stdlib.h>

/* What the links to one spoke, or to the domains of one open zone, are like. */
struct reach {
	unsigned up, down;
	json_t *reason;                 /* of the link that failed last in the list; owned; NULL: none */
};

struct survey {
	const struct route *route;
	const struct config *config;
	struct reach *reach;            /* spokes, then zones */
};

static struct reach *survey_find(struct survey *survey, struct str target)
{
	const struct config *config = survey->config;
	const struct spoke *spoke = route_find(survey->route, target);

	for (unsigned i = 0; spoke && i < config->zone_count; i++)
		if (spoke == &config->zones[i].template)
			return &survey->reach[config->spoke_count + i];
	if (!spoke || spoke < config->spokes || spoke >= config->spokes + config->spoke_count)
		return NULL;
	return &survey->reach[spoke - config->spokes];
}

static void survey_link(void *ctx, const struct stream_info *info)
{
	struct reach *reach;

	if (strcmp(info->leg, "outbound") != 0 || str_is_absent(info->target) || !(reach = survey_find(ctx, info->target)))
		return;
	if (strcmp(info->state, "up") == 0)
		reach->up++;
	else
		reach->down++;
	if (info->reason && info->reason[0]) {
		json_decref(reach->reason);
		reach->reason = foreign_json_c(info->reason);
	}
}

static void survey_worker(void *ctx, struct inbound *inbound, struct relay *relay)
{
	(void)inbound;
	outbound_each(relay_outbound(relay), survey_link, ctx);
}

static json_t *strings_json(const char *const *strings)
{
	json_t *list = json_array();

	for (; strings && *strings; strings++)
		json_array_append_new(list, foreign_json_c(*strings));
	return list;
}

static void address_add(struct buf *out, const struct spoke_address *address)
{
	char text[ENDPOINT_TEXT_SIZE];

	if (buf_len(out) > 0)
		buf_add_cstr(out, ", ");
	if (!address->is_literal) {
		buf_addf(out, "%s:%u", address->host, (unsigned)address->port);
		return;
	}
	endpoint_text(&address->endpoint, text);
	buf_add_cstr(out, text);
}

/* "233.252.0.6:5269", "override 192.0.2.7:5269", "DNS". */
static json_t *route_json(const struct config *config, const struct spoke *spoke)
{
	struct buf text = {0};
	struct str host;
	uint16_t port;
	json_t *json;

	for (unsigned i = 0; i < spoke->address_count; i++)
		address_add(&text, &spoke->addresses[i]);
	for (const char *const *domain = spoke->domains; domain && *domain && buf_len(&text) == 0 && config->overrides;
	     domain++)
		if (dns_overrides_find(config->overrides, str_of(*domain), &host, &port))
			buf_addf(&text, "override %.*s:%u", STR_ARG(host), (unsigned)port);
	json = buf_len(&text) > 0 ? foreign_json(buf_str(&text)) : json_string("DNS");
	buf_fini(&text);
	return json;
}

static void spoke_row(struct call *call, const struct config *config, const struct spoke *spoke, struct reach *reach,
		      const char *kind, const char *const *domains)
{
	json_t *const reason = reach->reason ? reach->reason : json_null();

	reach->reason = NULL;
	call_row(call, json_pack("{s:o, s:s, s:o, s:o, s:o, s:i, s:i, s:o}", "name", foreign_json_c(spoke->name), "kind", kind,
				 "domains", strings_json(domains), "zone",
				 foreign_json_c(spoke->zone ? spoke->zone->name : NULL), "route", route_json(config, spoke),
				 "links_up", (int)reach->up, "links_down", (int)reach->down, "reason", reason));
}

void command_spokes(struct call *call)
{
	const struct control_env *env = call->env;
	const struct config *config = env->config(env->ctx);
	struct survey survey = {.route = env->site->route, .config = config};

	if (!(survey.reach = calloc(config->spoke_count + config->zone_count + 1, sizeof(*survey.reach)))) {
		call_end(call, CALL_NO, NULL, error_text(TRUNK_ENOMEM));
		return;
	}
	env_each_worker(env, survey_worker, &survey);
	for (unsigned i = 0; i < config->spoke_count; i++)
		spoke_row(call, config, &config->spokes[i], &survey.reach[i], "spoke", config->spokes[i].domains);
	for (unsigned i = 0; i < config->zone_count; i++)
		if (config->zones[i].domains && config->zones[i].domains[0])
			spoke_row(call, config, &config->zones[i].template, &survey.reach[config->spoke_count + i], "zone",
				  config->zones[i].domains);
	free(survey.reach);
	call_end(call, CALL_DONE, NULL, NULL);
}
