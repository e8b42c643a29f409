/* SPDX-License-Identifier: Apache-2.0
 * What is allowed alone and makes no sense together. */
#include "config/load.h"

#include <stdio.h>

static struct place place_of_key(const struct load *load, const char *section, const char *key)
{
	const struct node *map = section ? node_find(load->root, section) : load->root;
	const struct node *node = map ? node_find(map, key) : NULL;

	return node ? node->key_place : (struct place){.file = load->config->file};
}

/* ---- listeners ---- */

static void refuse_same_listener(struct load *load, const struct endpoint *one, const struct endpoint *other,
				 const char *option)
{
	char text[ENDPOINT_TEXT_SIZE];

	if (!endpoint_eq(one, other))
		return;
	endpoint_text(one, text);
	problem_error(&load->problems, place_of_key(load, NULL, option), "\"%s\" names %s a second time; remove one of the two",
		      option, text);
}

static void check_listeners(struct load *load)
{
	const struct config *config = load->config;

	if (config->listen_count == 0 && config->listen_tls_count == 0)
		problem_error(&load->problems, place_of_key(load, NULL, "listen"),
			      "neither \"listen\" nor \"listen-tls\" names an address; a trunk has to be reached");
	for (unsigned i = 0; i < config->listen_count; i++)
		for (unsigned j = 0; j < i; j++)
			refuse_same_listener(load, &config->listen[j], &config->listen[i], "listen");
	for (unsigned i = 0; i < config->listen_tls_count; i++) {
		for (unsigned j = 0; j < i; j++)
			refuse_same_listener(load, &config->listen_tls[j], &config->listen_tls[i], "listen-tls");
		for (unsigned j = 0; j < config->listen_count; j++)
			refuse_same_listener(load, &config->listen[j], &config->listen_tls[i], "listen-tls");
	}
}

/* ---- ways that lead back to ourselves ---- */

static bool is_own(const struct config *config, const struct endpoint *endpoint)
{
	for (unsigned i = 0; i < config->listen_count; i++)
		if (endpoint_eq(&config->listen[i], endpoint))
			return true;
	for (unsigned i = 0; i < config->listen_tls_count; i++)
		if (endpoint_eq(&config->listen_tls[i], endpoint))
			return true;
	return false;
}

static void warn_of_override(struct load *load, const char *domain)
{
	struct str host, name = str_of(domain);
	struct endpoint endpoint;
	uint16_t port;

	if (str_starts(name, STR("*.")))
		name = str_from(name, 1); /* ".suffix" is below the suffix, and no more needs to be known of it */
	if (!dns_overrides_find(load->config->overrides, name, &host, &port) || endpoint_parse(host, port, &endpoint) < 0)
		return;
	endpoint_set_port(&endpoint, port);
	if (is_own(load->config, &endpoint))
		problem_warning(&load->problems, place_of_key(load, NULL, "dns-override"),
				"\"dns-override\" sends \"%.*s\" to our own listener; name the server that really serves it",
				STR_ARG(quote(str_of(domain))));
}

static void check_ways(struct load *load, unsigned index)
{
	const struct spoke *spoke = &load->spokes[index];

	for (unsigned i = 0; load->config->overrides && i < spoke->domain_count && spoke->address_count == 0; i++)
		warn_of_override(load, spoke->domains[i]);
	for (unsigned i = 0; i < spoke->address_count; i++)
		if (spoke->addresses[i].is_literal && is_own(load->config, &spoke->addresses[i].endpoint))
			problem_warning(&load->problems, load->spoke_sources[index].place,
					"spoke \"%s\" has our own listener as its address; name the server that serves it",
					spoke->name);
}

/* ---- trust ---- */

static void check_trust(struct load *load, const struct trust_policy *trust, struct place place, const char *whose)
{
	if (trust->tls == TLS_POLICY_DISABLED && !trust->dialback)
		problem_error(&load->problems, place,
			      "%s: without TLS nothing can be proved by \"external\" alone; add dialback to \"auth\" or "
			      "change \"tls.policy\"",
			      whose);
	else if (trust->tls == TLS_POLICY_DISABLED)
		problem_warning(&load->problems, place,
				"%s: \"tls.policy: disabled\" lets everybody on the way read and change stanzas", whose);
	if (trust->tls == TLS_POLICY_DISABLED && trust->pin_count)
		problem_warning(&load->problems, place, "%s: \"tls.pin\" says nothing where \"tls.policy\" is disabled", whose);
	if (trust->min_version < TLS_VERSION_1_2)
		problem_warning(&load->problems, place, "%s: \"tls.min-version\" allows versions of TLS that are broken",
				whose);
}

static bool trust_eq(const struct trust_policy *a, const struct trust_policy *b)
{
	return a->tls == b->tls && a->min_version == b->min_version && a->external == b->external &&
	       a->dialback == b->dialback && a->pin_count == b->pin_count;
}

/* A spoke that only inherits is not told of again. */
static void check_spoke_trust(struct load *load, unsigned index)
{
	const struct spoke *spoke = &load->spokes[index];
	char whose[PLACE_TEXT_SIZE];

	if (trust_eq(&spoke->trust, &load->config->trust))
		return;
	snprintf(whose, sizeof(whose), "spoke \"%s\"", spoke->name);
	check_trust(load, &spoke->trust, load->spoke_sources[index].place, whose);
}

static void check_issuer(struct load *load)
{
	if (load->config->tls.issue_any && !load->config->tls.issuer_file)
		problem_error(&load->problems, place_of_key(load, "tls", "issue-any"),
			      "\"tls.issue-any\" is for an issuer; set \"tls.issuer\" or remove it");
}

/* ---- limits ---- */

static void check_limits(struct load *load)
{
	const struct limits *limits = &load->config->limits;

	if (limits->stanza_bytes > limits->queue_bytes)
		problem_error(&load->problems, place_of_key(load, "limits", "stanza-size"),
			      "\"limits.stanza-size\" is larger than \"limits.queue-size\"; such a stanza could never be sent");
	if (limits->queue_bytes > limits->memory_bytes)
		problem_warning(&load->problems, place_of_key(load, "limits", "queue-size"),
				"\"limits.queue-size\" is larger than \"limits.memory\" and never reached");
}

/* ---- audit ---- */

static void check_audit(struct load *load)
{
	if (load->config->audit_strict && load->config->audit_store == AUDIT_NONE)
		problem_error(&load->problems, place_of_key(load, "audit", "strict"),
			      "\"audit.strict\" needs a store that records can be on; set \"audit.store\" to sqlite, or \"strict\" to false");
}

void config_check(struct load *load)
{
	const struct config *config = load->config;

	check_listeners(load);
	check_trust(load, &config->trust, place_of_key(load, NULL, "tls"), "all peers");
	check_issuer(load);
	check_limits(load);
	check_audit(load);
	for (unsigned i = 0; i < config->spoke_count; i++) {
		check_ways(load, i);
		check_spoke_trust(load, i);
	}
	if (config->spoke_count == 0 && config->zone_count < 2 && !config->zones[0].domains[0])
		problem_warning(&load->problems, (struct place){.file = config->file},
				"no spoke is named, so nothing is trunked; add \"gateway-domains\" or \"spokes\"");
}
